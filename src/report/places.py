"""Where things stand, as a forge names them: relative to the top of the repository."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from ..records import Report

_PLACE = re.compile(r"(.+?):(\d+)")


class Checkout:
    """A project in its repository: gives paths of the project as they are from the repository's top.

    The top is the nearest folder with a ``.git`` in it, or else the project's root.
    """

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root).absolute()
        self.top = next((each for each in (self._root, *self._root.parents) if (each / ".git").exists()), self._root)

    def path(self, file: str) -> str:
        """Give a file of the project, with slashes; what lies outside of the repository stays absolute."""
        relative = os.path.relpath(self._root / file, self.top)
        return str(PurePosixPath(self._root / file if relative.startswith("..") else relative))


def checkout_of(report: Report) -> Checkout:
    """The repository of the project that a report is about."""
    return Checkout(report.command.target.root)


def split_place(place: str) -> tuple[str, int] | None:
    """Read a ``file:line``; None where it is not one."""
    found = _PLACE.fullmatch(place)
    return None if found is None else (found[1], int(found[2]))
