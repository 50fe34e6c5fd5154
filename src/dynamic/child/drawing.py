"""Decides whether a call or another thread of the script drew random numbers (in the child process).

A script that prefetches data draws random numbers in its own threads. A function that draws does so in every call from
the same state. So the call is repeated: one repetition without a draw shows that the call does not draw.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from .effects import Change, Snapshot
from .evidence import ITERATION, UNRESTORABLE

if TYPE_CHECKING:
    from .paths import PathNote
    from .shadowing import Shadow

#: How often a call, or a trace, is repeated. The pause grows with each attempt, so that other threads become idle.
QUIET_ATTEMPTS = 6
QUIET_SECONDS = 0.02


def may_be_others(changes: list[Change], python: Snapshot) -> bool:
    """Whether only random states changed, which another thread may have used."""
    return bool(changes) and python.beside and all(change.kind == "random" for change in changes)


def draws_again(shadow: Shadow, path: PathNote, after: Any) -> bool:
    """Whether the call of ``shadow`` draws in each repetition.

    ``after`` are the variables after the script's own call; they are restored.
    """
    from . import iterators, variables

    advances = shadow.check.advances_iterators and bool(shadow.positions)
    if path.ops.keys() & UNRESTORABLE.keys() or (path.ops.keys() & ITERATION and not advances):
        return True  # it can't be repeated
    moved = iterators.snapshot() if shadow.positions else []
    try:
        for attempt in range(QUIET_ATTEMPTS):
            time.sleep(QUIET_SECONDS * attempt)
            shadow.rewind()
            python = shadow.snapshot()
            with contextlib.suppress(Exception), shadow.watch:  # it may raise as it did for the script
                shadow.original(*shadow.args, **shadow.kwargs)
            changes = python.changes()
            if not changes:
                return False
            python.restore()
            if not may_be_others(changes, python):
                break
        return True
    finally:
        variables.restore(after)
        iterators.restore(moved or [])
