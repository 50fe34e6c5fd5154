"""The argument parser of all commands, and its error messages."""

from __future__ import annotations

import argparse
import functools
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar

from ..options import Mistake, nearest

_Value = TypeVar("_Value")
_WIDTH = 98


class WrongUsage(Exception):
    """Raised for invalid usage of a command. Carries the message."""


@dataclass
class Console:
    """The streams of a command: ``out`` for its result, ``err`` for the rest.

    ``results`` is the folder for the traceback of a failure of hybridize. ``verbosity`` says whether it is printed.
    """

    out: TextIO
    err: TextIO
    results: Path | None = None
    verbosity: int = 0


class Parser(argparse.ArgumentParser):
    """A parser that raises `WrongUsage`, takes no abbreviations, and returns only the options that were given."""

    def __init__(self, prog: str, **keywords: Any) -> None:
        super().__init__(
            prog,
            add_help=False,
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,
            # By default argparse asks shutil for the terminal's width. Importing that takes longer than the whole help.
            formatter_class=functools.partial(argparse.HelpFormatter, width=_WIDTH),
            **keywords,
        )

    def error(self, message: str) -> NoReturn:
        """Raise argparse's error as `WrongUsage`, in our words."""
        missing = re.fullmatch(r"argument (\S+): expected .*", message)
        raise WrongUsage(f"{missing[1]} needs a value." if missing else f"{message}; see optimize --help.")

    @property
    def options(self) -> list[str]:
        """All options, as they are written on the command line."""
        return [name for action in self._actions for name in action.option_strings]

    @property
    def flags(self) -> list[tuple[str, str]]:
        """The options without a value, each with its description."""
        flags = (action for action in self._actions if action.option_strings and action.nargs == 0)
        return [(", ".join(action.option_strings), action.help or "") for action in flags]

    def option_list(self) -> str:
        """The list of options that --help prints."""
        formatter = _HelpFormatter("optimize", max_help_position=26, width=100)
        formatter.start_section("options")
        formatter.add_arguments(self._actions)
        formatter.end_section()
        return formatter.format_help()

    def refuse_extras(self, extras: list[str]) -> None:
        """Raise WrongUsage for arguments that the command does not accept."""
        if extras:
            raise WrongUsage(f"There is no option {extras[0]}.{nearest(extras[0], self.options)}")


class _HelpFormatter(argparse.HelpFormatter):
    def _split_lines(self, text: str, width: int) -> list[str]:
        # A name with hyphens is not split, so that it can be copied.
        return textwrap.wrap(text, width, break_on_hyphens=False)


def checked(value: _Value | Mistake, prefix: str = "") -> _Value:
    """Return the value; raises WrongUsage if it is a mistake."""
    if isinstance(value, Mistake):
        raise WrongUsage(prefix + value.sentence)
    return value


def existing(path: Path) -> Path:
    """Return an existing path, resolved; raises WrongUsage otherwise."""
    if not path.exists():
        near = [str(each) for each in path.parent.glob("*")] if path.parent.is_dir() else []
        raise WrongUsage(f"There is no {path}.{nearest(str(path), near)}")
    return path.resolve()
