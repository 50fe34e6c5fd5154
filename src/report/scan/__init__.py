"""The formats of `optimize scan`. Each module in this package is one and is found automatically.

A format has a function ``render(scan, titles)`` that yields the text in pieces, because the text of a large library
takes much memory. ``titles`` maps the rules' codes to their titles.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any


def names() -> list[str]:
    """The names of all formats."""
    return sorted(info.name for info in pkgutil.iter_modules(__path__))


def load(name: str) -> Any:
    """The module of a format."""
    return import_module(f"{__name__}.{name}")
