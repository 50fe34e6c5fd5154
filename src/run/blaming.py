"""Finds out whether a failure of the observed run is the script's own or is caused by the observation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..records import RunOutcome

#: A run counts as not failing only after this multiple of the seconds to the earlier failure, plus these seconds.
LEAST_TIMES, LEAST_MORE = 1.2, 3.0
#: The search stops after this many functions that can't be watched. If there are more, none is watched.
MOST_CULPRITS = 3


class OutOfTime(Exception):
    """The budget leaves no time for another run."""


def find_culprits(watched: Sequence[str], fails: Callable[[Sequence[str]], bool]) -> list[str] | None:
    """The functions that break the script when they are watched; None if it fails even with none watched.

    ``watched`` are those that were watched when the script failed. ``fails`` runs the script with only some functions
    watched and says whether it still fails. If time runs out during the search, all of ``watched`` are returned. Raises
    OutOfTime if there is not even time for the run without watching.
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
    """The seconds after which another run counts as not failing as the run with ``outcome`` did.

    Raises OutOfTime if the ``left`` seconds of the budget are too few to decide that.
    """
    if left < LEAST_TIMES * outcome.seconds + LEAST_MORE:
        raise OutOfTime
    return min(left, 2 * outcome.seconds + 10.0)
