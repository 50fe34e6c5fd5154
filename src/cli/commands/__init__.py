"""The commands. Each module in this package is one and is found automatically.

A command has ``USAGE``, the text after its name on the command line, with an entry for each way to call it, and a
function ``run(arguments, console)`` that returns the exit code. The default command is `optimize`.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

#: The command if none is named.
DEFAULT = "optimize"


def names() -> list[str]:
    """The names of all commands except the default."""
    return sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name != DEFAULT)


def load(name: str) -> Any:
    """The module of a command."""
    return import_module(f"{__name__}.{name}")
