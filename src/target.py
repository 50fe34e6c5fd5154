"""From the options to the program that is to be run, and to the project around it."""

from __future__ import annotations

import difflib
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path

from beartype import beartype

from .options import Mistake, Options
from .records import Target

_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


@beartype
def find_target(options: Options, cwd: Path) -> Target | Mistake:
    """The target that the options name, or what is wrong with them."""
    if options.train_module is not None:
        return _find_module(options, cwd)
    if options.script is None:
        return Mistake("No script was given; say which one trains: optimize --train-script train.py")
    script = (cwd / options.script).absolute()
    if not script.exists():
        near = difflib.get_close_matches(script.name, _names(script.parent), n=1)
        hint = f"; did you mean {options.script.with_name(near[0])}?" if near else "; check the path"
        return Mistake(f"{options.script} does not exist, so there is nothing to run{hint}")
    if script.is_dir():
        return Mistake(f"{options.script} is a folder; name the script in it that trains (or use --train-module)")
    if script.suffix in (".ipynb", ".sh", ".txt", ".json", ".yaml", ".yml"):
        return Mistake(
            f"{options.script} is not a Python script; give the .py file that Python would run "
            "(a notebook can be exported with `jupyter nbconvert --to script`)"
        )
    wrong = unreadable(script)
    if wrong is not None:
        return Mistake(f"{options.script} {wrong}; give the .py file that Python would run")
    root = _project_root(options, cwd, script)
    if isinstance(root, Mistake):
        return root
    return Target(str(root), str(cwd), str(script), options.arguments, None, options.seed)


def unreadable(script: Path) -> str | None:
    """Why a file can't be a Python script, or None. A syntax error is the script's own affair."""
    try:
        data = script.read_bytes()
    except OSError as error:
        return f"can't be read ({error.strerror})"
    if b"\0" in data:
        return "holds null bytes, so it is no Python source"
    return None


def _find_module(options: Options, cwd: Path) -> Target | Mistake:
    name = str(options.train_module)
    root = (cwd / options.project).absolute() if options.project is not None else cwd
    parts = name.split(".")
    if name.endswith(".py") or "/" in name:
        return Mistake(
            f"--train-module takes a dotted name such as package.train, not {name}; did you mean --train-script?"
        )
    for base in dict.fromkeys((cwd, root)):
        for place in (base.joinpath(*parts).with_suffix(".py"), base.joinpath(*parts, "__main__.py")):
            if place.is_file():
                return Target(str(root), str(cwd), str(place), options.arguments, name, options.seed)
    with_path = importlib.util.find_spec(parts[0])
    where = f" ({parts[0]} is installed elsewhere; run from its project's folder)" if with_path is not None else ""
    return Mistake(f"There is no module {name} below {cwd}{where}; python -m {name} would not find it either")


def _project_root(options: Options, cwd: Path, script: Path) -> Path | Mistake:
    """The folder whose code is analysed and may be edited.

    The script's own folder, or the folder above the package that it stands in; a marked project around it
    only where the script imports from there.
    """
    if options.project is not None:
        root = (cwd / options.project).absolute()
        if not root.is_dir():
            return Mistake(f"--project {options.project} is no folder")
        if root != script.parent and root not in script.parents:
            return Mistake(f"{options.script} does not lie in the project {options.project}")
        return root
    root = script.parent
    while (root / "__init__.py").exists() and root.parent != root:
        root = root.parent
    marked = next((p for p in (root, *root.parents) if any((p / m).exists() for m in _MARKERS)), None)
    if marked is not None and marked != root and _imports_from(script, root, marked):
        return marked
    return root


def _imports_from(script: Path, near: Path, marked: Path) -> bool:
    """Whether the script imports a module that lies in the marked project and not beside the script."""
    import ast

    try:
        tree = ast.parse(script.read_bytes())
    except (SyntaxError, ValueError):
        return False
    for node in ast.walk(tree):
        names: Sequence[str] = ()
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            top = name.partition(".")[0]
            if _holds(near, top):
                continue
            if _holds(marked, top) or _holds(marked / "src", top):
                return True
    return False


def _holds(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or ((folder / name).is_dir() and any((folder / name).glob("*.py")))


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
