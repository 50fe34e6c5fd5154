"""Whose failure it is where the observed run fails: the script's own, or one that comes of our watching."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..records import RunOutcome

#: So many functions are looked for that can't be watched; where there are more, none is watched.
MOST_CULPRITS = 3


def find_culprits(watched: Sequence[str], fails: Callable[[Sequence[str]], bool]) -> list[str] | None:
    """The functions that must not be watched for the script to run; None where it fails without any watching.

    ``watched`` are those that were watched when it failed, ``fails`` runs the script with only some watched and says
    whether it still does.
    """
    if not watched or fails(()):
        return None
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


def seconds_to_fail(outcome: RunOutcome) -> float:
    """How long a run may go on before it counts as one that does not fail as that one did."""
    return 2 * outcome.seconds + 10.0
