"""The formats of ``--output FORMAT=FILE``. Each module in this package is one and is found automatically.

A format has a function ``render(report, results)`` that returns its text. ``results`` is the report's results folder,
for files such as the stacks of the profile. It is None if there is no folder, and files in it may be missing. The name
on the command line is the module's name, with dashes for underscores.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from ...records import Report


class Renderer(Protocol):
    """The module of a format."""

    def render(self, report: Report, results: Path | None) -> str:
        """Return the report in this format, as text that ends with a line break."""


def names() -> list[str]:
    """The names of all formats."""
    return sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(__path__))


def load(name: str) -> Renderer:
    """The module of a format."""
    return cast(Renderer, import_module(f"{__name__}.{name.replace('-', '_')}"))
