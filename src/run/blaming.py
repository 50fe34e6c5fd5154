"""Whose failure it is where the observed run fails: the script's own, or one that comes of our watching."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..records import RunOutcome

#: Where another run failed after some seconds, one that has not after so many times these, and so many more, may not.
LEAST_TIMES, LEAST_MORE = 1.2, 3.0
#: So many functions are looked for that can't be watched; where there are more, none is watched.
MOST_CULPRITS = 3


class OutOfTime(Exception):
    """The budget leaves no time for another run."""


def find_culprits(watched: Sequence[str], fails: Callable[[Sequence[str]], bool]) -> list[str] | None:
    """The functions that must not be watched for the script to run; None where it fails without any watching.

    ``watched`` are those that were watched when it failed, ``fails`` runs the script with only some watched and says
    whether it still does. Once it is known to run without any, and ``fails`` raises OutOfTime, it is all of them.
    Raises OutOfTime where not even that is known.
    """
    if not watched or fails(()):
        return None
    try:
        return _search(watched, fails)
    except OutOfTime:
        return list(watched)


def _search(watched: Sequence[str], fails: Callable[[Sequence[str]], bool]) -> list[str]:
    culprits: list[str] = []
    rest = list(watched)
    while len(culprits) < MOST_CULPRITS:
        group = rest
        while len(group) > 1:
            half = group[: len(group) // 2]
            group = half if fails(half) else group[len(half) :]
        culprits += group
        rest = [name for name in rest if name not in culprits]
        if not rest or not fails(rest):
            return culprits
    return list(watched)


def seconds_to_fail(outcome: RunOutcome, left: float) -> float:
    """How long a run may go on before it counts as one that does not fail as that one did.

    Raises OutOfTime where so many seconds are not ``left`` of the budget that this could be told.
    """
    if left < LEAST_TIMES * outcome.seconds + LEAST_MORE:
        raise OutOfTime
    return min(left, 2 * outcome.seconds + 10.0)
