"""Questions about paths and folders that parent and child both ask."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence


def copied(mapping: Sequence[tuple[str, str]], path: str) -> str:
    """The copy of a path that lies in a copied tree; any other path unchanged."""
    for source, copy in mapping:
        if inside(path, source):
            return copy + path[len(source.rstrip("/")) :]
    return path


def inside(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it; compares the texts, follows no links."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def neighbours(folder: str) -> set[str]:
    """The names of the top-level modules that lie in ``folder``; a script there imports these first."""
    names = set()
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                names.add(entry.name.removesuffix(".py"))
            elif entry.is_dir() and os.path.isfile(os.path.join(entry.path, "__init__.py")):
                names.add(entry.name)
    return names
