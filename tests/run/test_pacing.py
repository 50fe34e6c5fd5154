"""How far a cold run goes follows from what was timed, and its time is never over where the budget's is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hybridize.options import Options
from hybridize.records import (
    Action,
    Function,
    FunctionKind,
    Judgement,
    Observation,
    Target,
    VariantResult,
    Verdict,
)
from hybridize.run import pacing
from hybridize.run.pacing import FEWEST_UNITS, LEAST_UNITS, UNITS, Pace, limits_of, pace_of, reserve, steps_of
from hybridize.run.work import Work


def work_with(monkeypatch: pytest.MonkeyPatch, left: float = 180.0, **options: Any) -> Work:
    monkeypatch.setattr(Work, "left", property(lambda self: left))
    monkeypatch.setattr(pacing, "cores", lambda: 2)
    return Work(Options(budget_seconds=180.0, **options), None, Target("/p", "/p", "/p/train.py"), Path("/p"))  # type: ignore[arg-type]


def judgement(seconds: float = 10.0, calls: int = 1000, share: float = 0.0, trace: float | None = None) -> Judgement:
    kind = FunctionKind.FUNCTION
    function = Function("m:step", "m.py", 4, 5, "m", "step", kind, None, (), (), (), Action.HYBRIDIZE, None)
    graph = VariantResult("graph", Verdict.CONFIRMED, 3, trace, 0.001, 0.01, None)
    variants = (graph,) if trace is not None else ()
    return Judgement(function, Verdict.CONFIRMED, (), Observation(calls, seconds, share=share), variants=variants)


def test_a_unit_takes_what_comes_between_its_calls_too(monkeypatch: pytest.MonkeyPatch) -> None:
    work = work_with(monkeypatch)
    assert pace_of(work, judgement(10.0, 100, share=0.5), ()).unit == pytest.approx(0.2)


def test_the_start_and_the_traces_are_in_the_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    work = work_with(monkeypatch)
    work.startup_seconds = 7.0
    hot = judgement(10.0, 100, trace=9.0)
    pace = pace_of(work, hot, [hot])
    assert pace.traces == pytest.approx(2 * 3.0), "a trace of 3 s, and the first call makes two"
    assert pace.seconds(10) == pytest.approx(pacing.SLACK * (7.0 + 6.0 + 10 * 0.1))


@pytest.mark.parametrize(
    ("calls", "steps", "expected"),
    [(1000, None, UNITS), (1000, 8, 8), (31, None, 30), (3, None, LEAST_UNITS), (3, 2, 2)],
)
def test_so_many_units_are_run_as_are_wanted_and_as_there_are(
    monkeypatch: pytest.MonkeyPatch, calls: int, steps: int | None, expected: int
) -> None:
    assert steps_of(work_with(monkeypatch, steps=steps), judgement(calls=calls)) == expected


@pytest.mark.parametrize("pace", [Pace(5.0, 0.5, 8.0), Pace(10.0, 3.0, 20.0), Pace(60.0, 30.0, 60.0)])
@pytest.mark.parametrize("left", [160.0, 90.0, 30.0])
@pytest.mark.parametrize("arms", [1, 3])
def test_a_run_goes_on_past_its_time_for_the_fewest_units_that_say_anything(
    monkeypatch: pytest.MonkeyPatch, pace: Pace, left: float, arms: int
) -> None:
    """It "came no further than 2 units in its time" with two minutes left."""
    work = work_with(monkeypatch, left)
    limits = limits_of(work, pace, UNITS, arms, reserve(work))
    assert limits.seconds == left
    assert all(units >= FEWEST_UNITS for _, units in limits.patience)
    assert all(seconds <= limits.seconds for seconds, _ in limits.patience)


def test_a_run_that_has_done_enough_leaves_what_the_measurement_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    work = work_with(monkeypatch, 160.0)
    limits = limits_of(work, Pace(10.0, 5.0, 10.0), UNITS, 3, reserve(work))
    assert max(seconds for seconds, _ in limits.patience) <= 160.0 - reserve(work)


def test_a_run_of_slow_units_leaves_half_of_what_is_not_kept_back_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    work = work_with(monkeypatch, 163.0)
    (soon, units), _ = limits_of(work, Pace(10.0, 5.0, 10.0), UNITS, 3, reserve(work)).patience
    assert (soon, units) == (pytest.approx(50.0), LEAST_UNITS)


@pytest.mark.parametrize(("left", "startup", "seconds"), [(180, 5, 45), (90, 5, 43.5), (90, 9, 25.5), (90, 30, 22.5)])
def test_the_check_leaves_what_the_measurement_needs_but_takes_half_of_its_share(
    monkeypatch: pytest.MonkeyPatch, left: float, startup: float, seconds: float
) -> None:
    work = work_with(monkeypatch, left=left)
    work.startup_seconds = startup
    assert pacing.check_seconds(work, 0.25) == pytest.approx(seconds)


def test_more_runs_than_cores_are_slower_each(monkeypatch: pytest.MonkeyPatch) -> None:
    work, pace = work_with(monkeypatch), Pace(2.0, 0.1, 0.0)
    alone, crowded = (limits_of(work, pace, UNITS, arms, 0.0).patience[0][0] for arms in (1, 3))
    assert crowded == pytest.approx(1.5 * alone)


def test_a_run_that_hangs_before_its_second_unit_does_not_take_the_whole_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work = work_with(monkeypatch, 160.0)
    assert limits_of(work, Pace(1.0, 0.01, 0.5), UNITS, 3, reserve(work)).seconds == pacing.HANG_SECONDS


def test_a_run_that_must_reach_a_late_call_is_not_ended_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    work = work_with(monkeypatch, 160.0)
    limits = limits_of(work, Pace(2.0, 0.01, 0.5), UNITS, 3, 0.0, far=600)
    assert [units for _, units in limits.patience] == [600, FEWEST_UNITS]
    assert limits.patience[-1][0] == 160.0
