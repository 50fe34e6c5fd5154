"""The command line: `optimize` and its commands, each in a file in `commands/`."""

from .main import main

__all__ = ["main"]
