"""The command line: `optimize` and its commands, each of them a file in `commands/`."""

from .main import main

__all__ = ["main"]
