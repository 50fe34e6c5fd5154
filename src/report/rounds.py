"""The turns of a measurement as plain numbers, for formats that list single rounds."""

from __future__ import annotations

import math

from ..records import Benchmark

#: The arms that a user knows: the original and the edited script.
ARMS = ("eager", "edited")


def rounds(measured: Benchmark, arm: str) -> list[float]:
    """Return the seconds per unit of an arm in each turn of each group, without the warm-up."""
    found = []
    for pair in measured.pairs:
        if arm not in pair.arms:
            continue
        for turn in pair.turns[pair.warm_turns :]:
            seconds = turn.seconds[pair.arms.index(arm)]
            if turn.units > 0 and math.isfinite(seconds) and seconds > 0:
                found.append(seconds / turn.units)
    return found
