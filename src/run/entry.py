"""Checks that the script or module named by the options exists. If not, one sentence says what to do."""

from __future__ import annotations

import difflib
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from ..options import Mistake, Options, nearest

# Common names of training scripts, the most specific first.
_USUAL = ("train.py", "main.py", "run.py", "training.py", "__main__.py")
_SKIPPED = {"node_modules", "site-packages", "__pycache__", "build", "dist", "venv"}
_WALK_LIMIT = 2000
_OTHER_KINDS = (".sh", ".txt", ".json", ".yaml", ".yml")


def check_target(options: Options, cwd: Path) -> Mistake | None:
    """Say what is wrong with the script or module that the options name; None if it can be run."""
    if options.project is not None and not (cwd / options.project).is_dir():
        return Mistake(f"--project needs a folder, and {options.project} is not one.")
    if options.script is not None:
        return _check_script(options.script, cwd)
    if options.train_module is not None:
        return _check_module(options.train_module, cwd)
    usual = next((name for name in _USUAL if (cwd / name).is_file()), None)
    example = f"optimize --train-script {usual or 'train.py'}"
    guess = f"did you mean {example}?" if usual else f"for example {example} (see optimize --help)."
    return Mistake(f"Name the script to run; {guess}")


def _check_script(script: Path, cwd: Path) -> Mistake | None:
    path = cwd / script
    if path.is_dir():
        guess = _script_in(path)
        hint = f"did you mean --train-script {script / guess}?" if guess else "name the script in it."
        return Mistake(f"{script} is a folder; {hint}")
    if script.suffix == ".ipynb":
        return Mistake(f"{script} is a notebook. Convert it to a script first: jupyter nbconvert --to script {script}")
    if script.suffix in _OTHER_KINDS:
        return Mistake(f"{script} is not a Python script. Give the .py file that Python would run.")
    if path.is_file():
        return None
    if path.is_symlink():
        return Mistake(f"{script} is a link to {os.readlink(path)}, which does not exist.")
    if path.exists():
        return Mistake(f"{script} is not a regular file.")
    module = str(script)
    if module_file(module, cwd) is not None and "." in module:
        return Mistake(f"There is no file {script}; did you mean --train-module {module}?")
    if path.with_name(path.name + ".py").is_file():
        return Mistake(f"There is no file {script}; did you mean --train-script {script}.py?")
    similar = _similar_script(path, cwd)
    hint = f" Did you mean --train-script {similar}?" if similar else ""
    return Mistake(f"There is no file {script}.{hint}")


def _check_module(module: str, cwd: Path) -> Mistake | None:
    if module.endswith(".py") or "/" in module:
        script = module if module.endswith(".py") else f"{module}.py"
        return Mistake(f"--train-module takes a dotted name; did you mean --train-script {script}?")
    if not all(part.isidentifier() for part in module.split(".")):
        return Mistake(f"--train-module takes a dotted name such as package.train, not {module!r}.")
    if module_file(module, cwd) is not None:
        return None
    folder = cwd.joinpath(*module.split("."))
    if folder.is_dir():
        return Mistake(f"{module} is a package without a __main__.py; name a module in it.")
    top = module.partition(".")[0]
    if not (cwd / top).exists() and _is_installed(top):
        return None
    names = (f"{module.rpartition('.')[0]}.{path.stem}".lstrip(".") for path in folder.parent.glob("*.py"))
    return Mistake(f"There is no module {module} below {cwd}.{nearest(module, names)}")


def module_file(module: str, cwd: Path) -> Path | None:
    """The file that ``python -m module`` would run from ``cwd``; None if it does not exist."""
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    base = cwd.joinpath(*parts)
    return next((path for path in (base.with_suffix(".py"), base / "__main__.py") if path.is_file()), None)


def _is_installed(top: str) -> bool:
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False


def _script_in(folder: Path) -> str | None:
    scripts = sorted(path.name for path in folder.glob("*.py"))
    usual = [name for name in _USUAL if name in scripts]
    telling = [name for name in scripts if "train" in name]
    return next(iter([*usual, *telling, *(scripts if len(scripts) == 1 else [])]), None)


def _similar_script(path: Path, cwd: Path) -> str | None:
    near = [each.name for each in path.parent.glob("*.py")] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, near, n=1, cutoff=0.6)
    if close:
        return os.path.relpath(path.with_name(close[0]), cwd)
    return next((os.path.relpath(found, cwd) for found in _walk(cwd) if found.name == path.name), None)


def _walk(folder: Path) -> Iterator[Path]:
    seen = 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if each not in _SKIPPED and not each.startswith("."))
        for file in sorted(files):
            seen += 1
            if seen > _WALK_LIMIT:
                return
            yield Path(place, file)
