"""Paths relative to the top of the repository, as code hosts name them."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from ..records import Report

_PLACE = re.compile(r"(.+?):(\d+)")


class Checkout:
    """A project in its repository. Translates the project's paths to paths from the repository's top.

    The top is the nearest folder that contains ``.git``, or else the project's root.
    """

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root).absolute()
        self.top = next((each for each in (self._root, *self._root.parents) if (each / ".git").exists()), self._root)

    def path(self, file: str) -> str:
        """Return the path of a project file, with slashes. A path outside of the repository stays absolute."""
        relative = os.path.relpath(self._root / file, self.top)
        return str(PurePosixPath(self._root / file if relative.startswith("..") else relative))


def checkout_of(report: Report) -> Checkout:
    """The repository of the project that a report is about."""
    return Checkout(report.command.target.root)


def split_place(place: str) -> tuple[str, int] | None:
    """Parse a ``file:line``; None if the text is not one."""
    found = _PLACE.fullmatch(place)
    return None if found is None else (found[1], int(found[2]))
