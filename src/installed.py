"""The Python environment: which files belong to Python and installed packages, and where a package is installed."""

from __future__ import annotations

import contextlib
import importlib.machinery
import os
import site
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path

#: The folder of this tool's own modules.
PACKAGE = os.path.dirname(os.path.abspath(__file__))


def is_library(path: str) -> bool:
    """Whether a file (absolute path) belongs to Python, an installed package or this tool, not to a project."""
    if not {"site-packages", "dist-packages"}.isdisjoint(path.split("/")):
        return True
    return any(path.startswith(folder + "/") for folder in (*_library_folders(), PACKAGE))


def find_installed(top: str) -> importlib.machinery.ModuleSpec | None:
    """The module spec of an installed top-level name, editable installs included. Runs none of its code.

    Does not search this process's ``sys.path``, which also has the folder that the process was started from.
    """
    spec = importlib.machinery.PathFinder.find_spec(top, list(_environment_path()))
    for finder in [] if spec is not None else sys.meta_path:
        # Whatever tool made it, an editable install that maps names to folders adds a finder to sys.meta_path.
        module = finder.__module__ if isinstance(finder, type) else type(finder).__module__
        if "editable" in module:
            with contextlib.suppress(Exception):
                spec = spec or finder.find_spec(top, None, None)
    return spec


@lru_cache(maxsize=1)
def _library_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found += [*site.getsitepackages(), site.getusersitepackages()]
    return tuple(dict.fromkeys(os.path.normpath(path) for place in found for path in (place, os.path.realpath(place))))


@lru_cache(maxsize=1)
def _environment_path() -> tuple[str, ...]:
    """The folders that every interpreter of this environment searches: libraries, and those that .pth files add."""
    found = list(_library_folders())
    for folder in dict.fromkeys(found):
        for file in sorted(Path(folder).glob("*.pth")):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                lines = [line.rstrip() for line in file.read_text(encoding="utf-8").splitlines()]
                found += [os.path.join(folder, line) for line in lines if line and not _is_no_path(line)]
    return tuple(dict.fromkeys(found))


def _is_no_path(line: str) -> bool:
    return line.startswith(("#", "import ", "import\t"))
