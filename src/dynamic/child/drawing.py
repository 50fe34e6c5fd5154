"""Inside the child: whether random numbers were drawn by a call, or by a thread of the script beside it.

A script that loads data ahead draws in threads of its own. A function that draws does so each time that it is called
from one state. So the call is made again: a moment in which nobody drew tells that it was not the call.
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

#: How often a call, or a trace, is made again; after the longer a wait, in which threads come to where they wait.
QUIET_ATTEMPTS = 6
QUIET_SECONDS = 0.02


def may_be_others(changes: list[Change], python: Snapshot) -> bool:
    """Whether all that changed are random states, which a thread beside the call may have drawn from."""
    return bool(changes) and python.beside and all(change.kind == "random" for change in changes)


def draws_again(shadow: Shadow, path: PathNote, after: Any) -> bool:
    """Whether the call of ``shadow`` draws each time that it is made again.

    ``after`` are the variables as the script's own call has left them.
    """
    from . import iterators, variables

    advances = shadow.check.advances_iterators and bool(shadow.positions)
    if path.ops.keys() & UNRESTORABLE.keys() or (path.ops.keys() & ITERATION and not advances):
        return True  # it can't be made again
    moved = iterators.snapshot() if shadow.positions else []
    try:
        for attempt in range(QUIET_ATTEMPTS):
            time.sleep(QUIET_SECONDS * attempt)
            shadow.rewind()
            python = shadow.snapshot()
            with contextlib.suppress(Exception), shadow.watch:  # it raises what it raised for the script
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
