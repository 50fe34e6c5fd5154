"""Decides whether a call or another thread of the script caused what was seen (in the child process).

A script that prefetches data draws random numbers in its own threads. A function that draws does so in every call from
the same state. So the call is repeated: one repetition without a draw shows that the call does not draw. In the same
way, a graph that computes something different does so in every repetition, and eager code repeats itself.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
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


def differs_again(shadow: Shadow, after: Any) -> bool:
    """Whether the graph of ``shadow`` differs from the eager call in each repetition, and the eager call from itself in
    none. Otherwise another thread may have written the variables meanwhile (workers that share an optimizer).

    ``after`` are the variables after the script's own call.
    """

    def is_same(call: Callable[[], Any]) -> bool:
        shadow.rewind()
        try:
            with shadow.watch:
                result = call()
        except Exception:
            return False
        comparison = Comparison(values=shadow.values)
        compare_results(shadow.result, result, comparison)
        compare_variables(shadow.before, after, variables.snapshot(streams.of_others()), comparison)
        return comparison.equal

    from . import streams, variables
    from .comparing import Comparison, compare_results, compare_variables

    for attempt in range(QUIET_ATTEMPTS):
        time.sleep(QUIET_SECONDS * attempt)
        if not is_same(lambda: shadow.original(*shadow.args, **shadow.kwargs)):
            return False
        if is_same(lambda: shadow.graph(shadow.args, shadow.kwargs)):
            return False
    return True
