"""The commands: each is a module that is found by being here.

It has ``USAGE``, what follows its name on the command line, a line for each way to call it, and a function
``run(arguments, console)``, which gives the exit code. Where the command line names none, it is `optimize`.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

#: The command that is meant where none is named.
DEFAULT = "optimize"


def names() -> list[str]:
    """The names of the commands that have one on the command line."""
    return sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name != DEFAULT)


def load(name: str) -> Any:
    """The module of a command."""
    return import_module(f"{__name__}.{name}")
