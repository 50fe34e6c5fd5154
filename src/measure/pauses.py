"""Takes the pauses that stopping causes out of a group's turns.

A process that was stopped while it waited for its turn may pause afterwards, without computing. With TensorFlow 2.21, a
script that iterates over a `tf.data` dataset then often waits for seconds (5.12 were seen) at the end of an epoch. It
does not if it was never stopped, or if the dataset's autotuner is off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .seats import Turn

#: Shorter pauses are left in.
LEAST_SECONDS = 0.2
#: A process pauses if it does not compute for this share of the time that a turn takes too long.
IDLE_SHARE = 0.9
#: A script that itself waits for this share of its time, such as for a device or the network, keeps all its pauses.
WAITS_SHARE = 0.1


def without_pauses(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The turns, in which an arm's pause that the other arms do not have in the same turn is subtracted.

    Nothing is subtracted if the script waits outside of these pauses, too, or if it is not known how long an arm
    computed.
    """
    steady = [turn for turn in turns if not turn.warm and turn.units]
    if not steady or any(len(turn.idle) != len(turn.seconds) for turn in turns):
        return tuple(turns)
    arms = range(len(steady[0].seconds))
    rates = [min(turn.seconds[arm] / turn.units for turn in steady) for arm in arms]
    pauses = [[_pause(turn, arm, rates) for arm in arms] for turn in turns]
    idle = sum(sum(turn.idle) - sum(lost) for turn, lost in zip(turns, pauses, strict=True))
    total = sum(sum(turn.seconds) - sum(lost) for turn, lost in zip(turns, pauses, strict=True))
    if idle > WAITS_SHARE * total:
        return tuple(turns)
    return tuple(
        replace(turn, seconds=tuple(seconds - part for seconds, part in zip(turn.seconds, lost, strict=True)))
        for turn, lost in zip(turns, pauses, strict=True)
    )


def _pause(turn: Turn, arm: int, rates: Sequence[float]) -> float:
    """The seconds by which the arm's turn is longer than usual while it did not compute; 0 if that is not the cause.

    What all other arms do as well in this turn, such as an evaluation, belongs to the script.
    """
    excess = [seconds - rate * turn.units for seconds, rate in zip(turn.seconds, rates, strict=True)]
    shared = max(0.0, min((each for other, each in enumerate(excess) if other != arm), default=excess[arm]))
    pause = excess[arm] - shared
    return pause if pause >= LEAST_SECONDS and turn.idle[arm] >= IDLE_SHARE * pause else 0.0
