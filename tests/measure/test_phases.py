"""What of a script is a unit, and what follows the last one."""

from dataclasses import replace

import pytest

from hybridize.measure.phases import callers_of, covers_of, tail_of, tell_phases, unit_of, units_outside
from hybridize.measure.summary import Tail
from hybridize.records import (
    Action,
    Function,
    FunctionKind,
    Judgement,
    Observation,
    Variant,
    VariantResult,
    Verdict,
)


def judgement(
    name: str, calls: int, seconds: float, first: float = 0.0, last: float = 0.0, **callers: int
) -> Judgement:
    kind = FunctionKind.FUNCTION
    function = Function(name, "train.py", 3, 9, "train", name, kind, None, (), (), (), Action.HYBRIDIZE, None)
    around = {"": calls - sum(callers.values()), **callers}
    seen = Observation(calls, seconds, callers=around, first_seconds=first, last_seconds=last)
    graph = VariantResult("graph", Verdict.CONFIRMED, 1, 0.5, seconds / calls / 10, seconds / calls, 0.0)
    return Judgement(function, Verdict.CONFIRMED, (), seen, variants=(graph,), variant=Variant(), selected=True)


STEP = judgement("step", 900, 9.0, 0.0, 20.0, epoch=200, other=100)
EPOCH = judgement("epoch", 50, 3.0, 1.0, 19.0, run=50)
RUN = judgement("run", 1, 15.0, 0.5, 20.5)
OTHER = judgement("other", 100, 2.0, 1.0, 19.0)
ALL = {each.function.id: each for each in (STEP, EPOCH, RUN, OTHER)}


def test_whoever_calls_it_through_others_calls_it_too() -> None:
    assert callers_of("step", ALL) == {"epoch", "other", "run"}
    assert callers_of("run", ALL) == set()


def test_calls_inside_of_another_converted_function_are_no_units() -> None:
    covers = covers_of(STEP, [STEP, RUN], ALL)
    assert [cover.candidate for cover in covers] == ["run"]
    assert units_outside(STEP, covers, ALL) == 700, "epoch is called by run, so what epoch calls is in its graph"
    assert units_outside(STEP, covers_of(STEP, [STEP, EPOCH, OTHER], ALL), ALL) == 600
    assert units_outside(STEP, [], ALL) == 900


def test_a_phase_that_follows_gains_as_it_did_when_it_was_compared() -> None:
    first, second = judgement("first", 100, 10.0, 0.0, 12.0), judgement("second", 400, 20.0, 13.0, 36.0)
    tail = tail_of(first, [first, second], {"first": first, "second": second}, 40.0)
    assert tail.eager == pytest.approx(28.0)
    # 400 calls at a tenth of 50 ms, and one trace; the other 8 seconds are as they were.
    assert tail.edited == pytest.approx(8.0 + 2.0 + 0.5)


def test_what_follows_gains_nothing_where_it_is_not_converted_and_is_less_what_watching_it_took() -> None:
    first, second = judgement("first", 100, 10.0, 0.0, 12.0), judgement("second", 400, 20.0, 13.0, 36.0)
    watched = replace(second, observation=replace(second.observation, overhead_seconds=3.0))
    tail = tail_of(first, [first], {"first": first, "second": watched}, 40.0)
    assert tail == Tail(pytest.approx(25.0), pytest.approx(25.0), known=True)


def test_of_a_run_that_was_cut_nothing_is_known_to_follow() -> None:
    first = judgement("first", 100, 10.0, 0.0, 12.0)
    assert tail_of(first, [first], {"first": first}, 0.0, leaving_seconds=1.0) == Tail(leaving=1.0)
    assert tail_of(first, [first], {"first": first}, 12.0) == Tail(known=True)


def test_a_phase_that_comes_too_late_to_be_measured_leaves_the_units_to_an_earlier_one() -> None:
    first, second = judgement("first", 100, 10.0, 0.0, 12.0), judgement("second", 400, 20.0, 13.0, 36.0)
    assert unit_of([second, first], 600.0) is second
    assert unit_of([second, first], 60.0) is first
    assert unit_of([second], 60.0) is second


def test_a_ratio_per_unit_is_said_to_be_that_of_one_phase() -> None:
    first, second = judgement("first", 100, 10.0, 0.0, 12.0), judgement("second", 400, 20.0, 13.0, 36.0)
    assert "of first, and the phases of second after it" in tell_phases(first, [second, first])
    assert "of second, and the phases of first before it" in tell_phases(second, [second, first])
    inside = judgement("inside", 100, 5.0, 0.5, 11.0)
    assert tell_phases(first, [first, inside]) == "", "both are called by turns"
