"""The turns of a measurement as plain numbers, for formats that tell of single rounds."""

from __future__ import annotations

import math

from ..records import Benchmark

#: The arms that a user knows: the script as it stands, and as edited.
ARMS = ("eager", "edited")


def rounds(measured: Benchmark, arm: str) -> list[float]:
    """Give the seconds a unit of an arm, for each turn of each group; turns of the warm-up are left out."""
    found = []
    for pair in measured.pairs:
        if arm not in pair.arms:
            continue
        for turn in pair.turns[pair.warm_turns :]:
            seconds = turn.seconds[pair.arms.index(arm)]
            if turn.units > 0 and math.isfinite(seconds) and seconds > 0:
                found.append(seconds / turn.units)
    return found
