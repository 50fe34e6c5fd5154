"""What `optimize scan` prints: each format is a module that is found by being here.

It has a function ``render(scan, titles)``, which gives the text in pieces, for that of a large library is best never
held as a whole; ``titles`` maps the rules' codes to their titles.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any


def names() -> list[str]:
    """The formats there are."""
    return sorted(info.name for info in pkgutil.iter_modules(__path__))


def load(name: str) -> Any:
    """The module of a format."""
    return import_module(f"{__name__}.{name}")
