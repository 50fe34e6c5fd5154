"""The formats of ``--output FORMAT=FILE``: each module here is one, found by being here.

A format has a function ``render(report, results)`` that gives its text. ``results`` is the folder of results that the
report belongs to, for what lies there beside report.json (the stacks of the profile); it is None where the run left
none, and files in it may be missing. The name on the command line is the module's, with dashes for underscores.
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
        """Give the report in this format, as text that ends with a line break."""


def names() -> list[str]:
    """The formats there are."""
    return sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(__path__))


def load(name: str) -> Renderer:
    """The module of a format."""
    return cast(Renderer, import_module(f"{__name__}.{name.replace('-', '_')}"))
