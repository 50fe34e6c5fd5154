"""Guesses what was meant where the command was called wrongly, so that its one sentence is of use."""

from __future__ import annotations

import difflib
import importlib.util
import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .options import Mistake, Options

COMMANDS = ("scan", "explain")
# What people call the script that trains, most telling first.
_USUAL = ("train.py", "main.py", "run.py", "training.py", "__main__.py")
_SKIPPED = {"node_modules", "site-packages", "__pycache__", "build", "dist", "venv"}
_WALK_LIMIT = 2000


def check_target(options: Options, cwd: Path) -> Mistake | None:
    """Say what is wrong with the script or module that the options name; None where it is there."""
    if options.project is not None and not (cwd / options.project).is_dir():
        return Mistake(f"--project takes a folder, and {options.project} is none.")
    if options.script is not None:
        return _check_script(options.script, cwd)
    if options.train_module is not None:
        return _check_module(options.train_module, cwd)
    usual = next((name for name in _USUAL if (cwd / name).is_file()), None)
    example = f"optimize --train-script {usual or 'train.py'}"
    guess = f"did you mean {example}?" if usual else f"for example {example} (see optimize --help)."
    return Mistake(f"Name the script to run; {guess}")


def explain_extras(extras: Sequence[str], arguments: Sequence[str], options: Iterable[str], cwd: Path) -> str:
    """Say what arguments that are no options of ours may have meant.

    ``arguments`` is the command line as given (without what follows ``--``), ``options`` are our options.
    """
    first, has_target = extras[0], any(each.startswith("--train-") for each in arguments)
    if not first.startswith("-") and not has_target:
        return _explain_word(first, extras[1:], cwd)
    known = list(options)
    close = difflib.get_close_matches(first.partition("=")[0], known, n=1, cutoff=0.75)
    if close:
        return f"There is no option {first.partition('=')[0]}; did you mean {close[0]}?"
    if not has_target:
        return f"There is no option {first}; see optimize --help."
    ours, left = [], list(extras)
    for argument in arguments:
        if left and argument == left[0]:
            left.pop(0)
        else:
            ours.append(argument)
    command = shlex.join(["optimize", *ours, "--", *extras])
    return f"{first} is no option of optimize; arguments of the script go after --: {command}"


def nearest(word: str, words: Iterable[str]) -> str:
    """Give `` Did you mean …?`` for the word that is meant, or nothing."""
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""


def _explain_word(word: str, rest: Sequence[str], cwd: Path) -> str:
    tail = f" -- {shlex.join(rest)}" if rest else ""
    path = cwd / word
    if path.is_dir():
        return f"{word} is a folder; did you mean optimize scan {shlex.quote(word)}?"
    if path.is_file() or word.endswith(".py"):
        return f"A script needs its option: did you mean optimize --train-script {shlex.quote(word)}{tail}?"
    close = difflib.get_close_matches(word, COMMANDS, n=1, cutoff=0.6)
    if close:
        return f"There is no command {word}; did you mean optimize {shlex.join([close[0], *rest])}?"
    if _module_file(word, cwd) is not None:
        return f"A module needs its option: did you mean optimize --train-module {word}{tail}?"
    return f"There is no command {word}; see optimize --help."


def _check_script(script: Path, cwd: Path) -> Mistake | None:
    path = cwd / script
    if path.is_dir():
        guess = _script_in(path)
        hint = f"did you mean --train-script {script / guess}?" if guess else "name the script in it."
        return Mistake(f"{script} is a folder; {hint}")
    if script.suffix == ".ipynb":
        return Mistake(f"{script} is a notebook; make a script of it first: jupyter nbconvert --to script {script}")
    if path.is_file():
        return None
    if path.is_symlink():
        return Mistake(f"{script} is a link to {os.readlink(path)}, which does not exist.")
    if path.exists():
        return Mistake(f"{script} is no regular file.")
    module = str(script)
    if _module_file(module, cwd) is not None and "." in module:
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
    if _module_file(module, cwd) is not None:
        return None
    folder = cwd.joinpath(*module.split("."))
    if folder.is_dir():
        return Mistake(f"{module} is a package without a __main__.py; name a module in it.")
    top = module.partition(".")[0]
    if not (cwd / top).exists() and _is_installed(top):
        return None
    names = (f"{module.rpartition('.')[0]}.{path.stem}".lstrip(".") for path in folder.parent.glob("*.py"))
    return Mistake(f"There is no module {module} below {cwd}.{nearest(module, names)}")


def _module_file(module: str, cwd: Path) -> Path | None:
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
