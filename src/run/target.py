"""From the options to the program that is to be run, and to the project around it."""

from __future__ import annotations

import difflib
import importlib.util
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from beartype import beartype

from ..options import Mistake, Options
from ..records import Network, Target
from ..static.layout import Layout, find_layout, package_top

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
    # `..` says where the script is from here, not which project it belongs to; after a link it means something else.
    plain = Path(os.path.normpath(script))
    script = plain if plain.exists() and plain.samefile(script) else script
    if options.project is not None:
        mistake = _wrong_project(options, cwd, script)
        if mistake is not None:
            return mistake
    network = Network(options.network)
    return _covering(Target("", str(cwd), str(script), options.arguments, None, options.seed, network), options)


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
                network = Network(options.network)
                target = Target("", str(cwd), str(place), options.arguments, name, options.seed, network)
                return _covering(target, options)
    with_path = importlib.util.find_spec(parts[0])
    where = f" ({parts[0]} is installed elsewhere; run from its project's folder)" if with_path is not None else ""
    return Mistake(f"There is no module {name} below {cwd}{where}; python -m {name} would not find it either")


def _wrong_project(options: Options, cwd: Path, script: Path) -> Mistake | None:
    root = Path(os.path.normpath(cwd / str(options.project)))
    if not root.is_dir():
        return Mistake(f"--project {options.project} is no folder")
    if root != script.parent and root not in script.parents:
        return Mistake(f"{options.script} does not lie in the project {options.project}")
    return None


def layout_of(target: Target, options: Options, seen: Mapping[str, str] | None = None) -> Layout:
    """What the target's script imports: as its source shows, and as a run has ``seen`` (modules and their files)."""
    cwd, script = Path(target.cwd), Path(target.script)
    if options.project is not None:
        base = Path(os.path.normpath(cwd / options.project))
    else:
        base = cwd if target.module is not None else package_top(script.parent)
    reach = _reach(base, cwd)
    guesses = (cwd, *((reach, reach / "src") if reach is not None else ()))
    return find_layout(script, cwd, base, guesses, target.module, os.environ.get("PYTHONPATH", ""), seen)


def covering(target: Target, layout: Layout, options: Options) -> Target:
    """The target with the smallest project that covers what its script imports; as it is where --project rules.

    The project reaches no further than the repository, the marked project or the working directory around the
    script: what lies outside of these is somebody else's.
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
    """The widest folder around ``base`` that may be taken for its project; None where there is none."""
    around = [folder for folder in (base, *base.parents) if not _is_everybodys(folder)]
    marked = [folder for folder in around if any((folder / marker).exists() for marker in _MARKERS)]
    repository = next((folder for folder in around if (folder / ".git").exists()), None)
    widest = [folder for folder in (repository, *marked[:1], cwd if cwd in around else None) if folder is not None]
    return min(widest, key=lambda folder: len(folder.parts), default=None)


def _is_everybodys(folder: Path) -> bool:
    """Whether all kinds of things lie in a folder, so that it can't be one project."""
    return folder in (Path("/"), Path.home(), Path(tempfile.gettempdir()), Path("/tmp"), Path("/home"), Path("/usr"))


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
