"""Functions that are refused from source have a share of the time too, and it is their own."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.child import timing
from hybridize.dynamic.child.timing import Timing


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(timing, "perf_counter", lambda: now[0])
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(executing_eagerly=lambda: True))
    return now


def test_what_a_timed_function_calls_and_what_is_watched_there_is_not_its_own_time(clock: list[float]) -> None:
    times = Timing(["step", "log"], lambda: False)

    def log() -> None:
        clock[0] += 1.0

    logged = times.wrap("log", log)

    def step() -> str:
        clock[0] += 7.0
        logged()
        clock[0] += 2.0  # a candidate's call
        times.leave_out(2.0)
        return "done"

    assert times.wrap("step", step)() == "done"
    rows = times.report()["functions"]
    assert rows == {
        "step": {"calls": 1, "seconds": 10.0, "own_seconds": 7.0},
        "log": {"calls": 1, "seconds": 1.0, "own_seconds": 1.0},
    }
    assert times.report()["seconds"] == 10.0


def test_what_passed_before_training_began_does_not_count(clock: list[float]) -> None:
    """The function around the training loop reads its data first."""
    times = Timing(["main"], lambda: False)

    def main() -> None:
        clock[0] += 50.0
        times.begin()
        clock[0] += 4.0

    times.wrap("main", main)()
    assert times.report() == {"seconds": 4.0, "functions": {"main": {"calls": 1, "seconds": 4.0, "own_seconds": 4.0}}}


def test_calls_inside_of_a_candidate_are_that_ones_time(clock: list[float]) -> None:
    times = Timing(["helper"], lambda: True)
    assert times.wrap("helper", lambda x: x + 1)(1) == 2
    assert times.report()["functions"] == {}


def test_a_call_that_raises_has_taken_its_time_too(clock: list[float]) -> None:
    times = Timing(["step"], lambda: False)

    def step() -> Any:
        clock[0] += 3.0
        raise KeyError("x")

    with pytest.raises(KeyError):
        times.wrap("step", step)()
    assert times.report()["functions"]["step"]["own_seconds"] == 3.0
