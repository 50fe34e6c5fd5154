"""Finds the program that the options name, and the project around it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..options import Mistake, Options
from ..records import Network, Target
from ..static.reading.layout import Layout, find_layout, package_top
from .entry import check_target, module_file

_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


def find_target(options: Options, cwd: Path) -> Target | Mistake:
    """The target that the options name, or what is wrong with them."""
    mistake = check_target(options, cwd)
    if mistake is not None:
        return mistake
    if options.script is None:
        return _find_module(options, cwd)
    script = (cwd / options.script).absolute()
    wrong = unreadable(script)
    if wrong is not None:
        return Mistake(f"{options.script} {wrong}; give the .py file that Python would run.")
    # `..` tells nothing about the project. After a symlink, dropping it changes the file: then the path is kept.
    plain = Path(os.path.normpath(script))
    script = plain if plain.exists() and plain.samefile(script) else script
    if options.project is not None:
        root = Path(os.path.normpath(cwd / options.project))
        if root != script.parent and root not in script.parents:
            return Mistake(f"{options.script} is not inside the project {options.project}.")
    network = Network(options.network)
    return _covering(Target("", str(cwd), str(script), options.arguments, None, options.seed, network), options)


def unreadable(script: Path) -> str | None:
    """Why a file can't be a Python script, or None. A syntax error is left for Python to report."""
    try:
        data = script.read_bytes()
    except OSError as error:
        return f"can't be read ({error.strerror})"
    if b"\0" in data:
        return "contains null bytes, so it is not Python source"
    return None


def _find_module(options: Options, cwd: Path) -> Target | Mistake:
    name = str(options.train_module)
    root = (cwd / options.project).absolute() if options.project is not None else cwd
    file = module_file(name, cwd) or module_file(name, root)
    if file is None:
        top = name.partition(".")[0]
        return Mistake(
            f"There is no module {name} below {cwd} ({top} is installed elsewhere; run from its project's folder); "
            f"python -m {name} would not find it either."
        )
    target = Target("", str(cwd), str(file), options.arguments, name, options.seed, Network(options.network))
    return _covering(target, options)


def layout_of(target: Target, options: Options, seen: Mapping[str, str] | None = None) -> Layout:
    """What the target's script imports, from its source and from the modules (with files) that a run has ``seen``."""
    cwd, script = Path(target.cwd), Path(target.script)
    if options.project is not None:
        base = Path(os.path.normpath(cwd / options.project))
    else:
        base = cwd if target.module is not None else package_top(script.parent)
    reach = _reach(base, cwd)
    guesses = (cwd, *((reach, reach / "src") if reach is not None else ()))
    return find_layout(script, cwd, base, guesses, target.module, os.environ.get("PYTHONPATH", ""), seen)


def covering(target: Target, layout: Layout, options: Options) -> Target:
    """The target with the smallest project folder that contains all that its script imports. --project overrides this.

    The folder never exceeds the repository, the marked project or the working directory around the script: anything
    outside of these belongs to another project.
    """
    if options.project is not None:
        return replace(target, root=str(layout.base))
    root = layout.base
    reach = _reach(layout.base, Path(target.cwd))
    for file in layout.files:
        common = Path(os.path.commonpath([root, file.parent]))
        if reach is not None and (common == reach or reach in common.parents):
            root = common
    return replace(target, root=str(root))


def _covering(target: Target, options: Options) -> Target:
    return covering(target, layout_of(target, options), options)


def _reach(base: Path, cwd: Path) -> Path | None:
    """The largest folder around ``base`` that may be its project; None if there is none."""
    around = [folder for folder in (base, *base.parents) if not _is_everybodys(folder)]
    marked = [folder for folder in around if any((folder / marker).exists() for marker in _MARKERS)]
    repository = next((folder for folder in around if (folder / ".git").exists()), None)
    widest = [folder for folder in (repository, *marked[:1], cwd if cwd in around else None) if folder is not None]
    return min(widest, key=lambda folder: len(folder.parts), default=None)


def _is_everybodys(folder: Path) -> bool:
    """Whether a folder holds unrelated things (such as ``/tmp``), so that it can't be one project."""
    return folder in (Path("/"), Path.home(), Path(tempfile.gettempdir()), Path("/tmp"), Path("/home"), Path("/usr"))
