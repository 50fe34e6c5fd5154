"""Finds the user's code, in a process that runs their tests."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..dynamic.child.contents import LIBRARIES
from ..dynamic.child.effects import Project


def project_of(function: Callable[..., Any], *files: str) -> Project:
    """The project of a function and of other files: the packages that contain them, or else their folders.

    Packages that are installed in such a folder (in the project's Python environment) do not belong to it.
    """
    if str(getattr(function, "__module__", "")).partition(".")[0] not in LIBRARIES:
        with contextlib.suppress(TypeError):  # raised for a function that is not written in Python
            files = (*files, inspect.getsourcefile(inspect.unwrap(function)) or "")
    roots = sorted({str(_home(Path(file))) for file in files if file and Path(file).is_file()})
    own = str(Path(__file__).resolve().parents[1])
    installed = {own, *(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))}
    without = [place for place in installed if any(place.startswith(f"{root}/") for root in roots)]
    plain = Project(roots, [], without)
    loaded = (str(getattr(module, "__file__", "") or "") for module in list(sys.modules.values()))
    return Project(roots, sorted(_assigned({*filter(plain.has, loaded), *files})), without)


def _home(file: Path) -> Path:
    """The outermost package that a file lies in, or else its folder."""
    folder = file.absolute().parent
    while (folder.parent / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _assigned(files: Iterable[str]) -> set[str]:
    """All names ``a`` of some ``x.a = …`` in these files."""
    return {name for file in files for name in _assigned_in(file)}


@functools.cache
def _assigned_in(file: str) -> frozenset[str]:
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return frozenset()
    stores = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return frozenset(node.attr for node in stores)
