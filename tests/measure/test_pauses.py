"""What only stopping and going on causes is no part of a turn; whatever the script itself does is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hybridize.measure.pauses import without_pauses
from hybridize.measure.seats import Turn

USUAL = (0.3, 0.05, 0.3)


def turns(*special: Turn, number: int = 20) -> list[Turn]:
    """Turns of an eager arm, the edited one and the twin, all of which compute all the time; and special ones."""
    return [Turn(2, USUAL, idle=(0.0, 0.0, 0.0)) for _ in range(number)] + list(special)


def last(given: Sequence[Turn]) -> tuple[float, ...]:
    return tuple(round(seconds, 6) for seconds in without_pauses(given)[-1].seconds)


@pytest.mark.parametrize("last_turn", [False, True])
def test_a_pause_of_one_arm_is_taken_out(last_turn: bool) -> None:
    paused = Turn(2, (0.3, 5.17, 0.3), last=last_turn, idle=(0.0, 5.12, 0.0))
    found = without_pauses(turns(paused))
    assert found[:-1] == tuple(turns()) and last(turns(paused)) == USUAL
    assert found[-1] == replace(paused, seconds=found[-1].seconds)


def test_two_arms_may_pause_in_one_turn_and_what_all_do_stays() -> None:
    # An evaluation of 0.4 s in each.
    paused = Turn(2, (5.82, 4.75, 0.7), idle=(5.12, 4.3, 0.0))
    assert last(turns(paused)) == (0.7, 0.45, 0.7)


@pytest.mark.parametrize(
    ("seconds", "idle"),
    [
        ((0.3, 3.05, 0.3), (0.0, 0.1, 0.0)),  # it traces
        ((2.3, 2.05, 2.3), (2.0, 2.0, 2.0)),  # all wait, for a download at the end of an epoch
        ((0.45, 0.05, 0.3), (0.15, 0.0, 0.0)),  # short enough to be noise
    ],
)
def test_what_the_script_does_stays(seconds: tuple[float, ...], idle: tuple[float, ...]) -> None:
    assert last(turns(Turn(2, seconds, idle=idle))) == seconds


def test_a_script_that_waits_anyway_keeps_its_pauses() -> None:
    """Of a simulator that answers late now and then, nobody knows which pause was whose."""
    waiting = [replace(turn, idle=(0.1, 0.03, 0.1)) for turn in turns()]
    assert last([*waiting, Turn(2, (0.3, 5.17, 0.3), idle=(0.1, 5.12, 0.1))]) == (0.3, 5.17, 0.3)


def test_without_the_time_of_the_processor_nothing_is_taken_out() -> None:
    unknown = [replace(turn, idle=()) for turn in turns()]
    assert without_pauses(unknown) == tuple(unknown)
    assert without_pauses([]) == ()
