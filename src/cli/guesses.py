"""Guesses the intention of a wrong command line, for a helpful error message."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..run.entry import module_file


def explain_extras(
    extras: Sequence[str], arguments: Sequence[str], options: Iterable[str], commands: Sequence[str], cwd: Path
) -> str:
    """Explain unknown arguments: say what the user probably meant.

    ``extras`` are the unknown arguments, and ``arguments`` the command line before ``--``. ``options`` and
    ``commands`` are the known ones.
    """
    first, has_target = extras[0], any(each.startswith("--train-") for each in arguments)
    if not first.startswith("-") and not has_target:
        return _explain_word(first, extras[1:], commands, cwd)
    known = list(options)
    close = difflib.get_close_matches(first.partition("=")[0], known, n=1, cutoff=0.75)
    if close:
        return f"There is no option {first.partition('=')[0]}; did you mean {close[0]}?"
    if not has_target:
        return f"There is no option {first}; see optimize --help."
    ours, left = [], list(extras)
    for argument in arguments:
        if left and argument == left[0]:
            left.pop(0)
        else:
            ours.append(argument)
    command = shlex.join(["optimize", *ours, "--", *extras])
    return f"{first} is not an option of optimize; the script's arguments go after --: {command}"


def _explain_word(word: str, rest: Sequence[str], commands: Sequence[str], cwd: Path) -> str:
    tail = f" -- {shlex.join(rest)}" if rest else ""
    path = cwd / word
    if path.is_dir():
        return f"{word} is a folder; did you mean optimize scan {shlex.quote(word)}?"
    if path.is_file() or word.endswith(".py"):
        return f"A script needs its option: did you mean optimize --train-script {shlex.quote(word)}{tail}?"
    close = difflib.get_close_matches(word, commands, n=1, cutoff=0.6)
    if close:
        return f"There is no command {word}; did you mean optimize {shlex.join([close[0], *rest])}?"
    if module_file(word, cwd) is not None:
        return f"A module needs its option: did you mean optimize --train-module {word}{tail}?"
    return f"There is no command {word}; see optimize --help."
