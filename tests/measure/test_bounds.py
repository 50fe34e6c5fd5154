"""By Amdahl's law a part of the time bounds what can be gained; the part is known up to an interval."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from hybridize.measure.bounds import expected_gain, groups_needed, share_at_most, why_hopeless
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


def judgement(name: str, at_most: float | None, callers: dict[str, int] | None = None) -> Judgement:
    kind = FunctionKind.FUNCTION
    function = Function(name, "m.py", 4, 5, "m", name, kind, None, (), (), (), Action.HYBRIDIZE, None)
    seen = Observation(100, 1.0, share_at_most=at_most, callers=callers or {})
    return Judgement(function, Verdict.CONFIRMED, (), seen)


@pytest.mark.parametrize(
    ("calls", "seconds", "squares", "expected"),
    [
        (100, 1.0, 0.01, 0.1),  # all alike
        (100, 1.0, 0.05, 0.14),  # calls that differ: 2 * sqrt(100 * 0.0004) / 10
        (1, 0.1, 0.01, 0.8),
        (3, 0.1, 0.0034, 0.58),
    ],
)
def test_the_fewer_calls_and_the_more_they_differ_the_less_is_known(
    calls: int, seconds: float, squares: float, expected: float
) -> None:
    assert share_at_most(calls, seconds, squares, 10.0) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("calls", "window"), [(0, 10.0), (5, 0.0)])
def test_of_what_was_not_seen_nothing_is_known(calls: int, window: float) -> None:
    assert share_at_most(calls, 0.0, 0.0, window) == 1.0


def test_what_takes_too_little_can_not_pay() -> None:
    why = why_hopeless([judgement("m:step", 0.03)], 1.05)
    assert why is not None and why.startswith("m:step takes 3.0% of the time at most")
    assert "1.03 times as fast at best, and --min-speedup asks for 1.05" in why
    assert why_hopeless([judgement("m:step", 0.06)], 1.05) is None
    assert why_hopeless([judgement("m:step", 0.03)], 1.02) is None


def test_together_they_may_pay_and_what_one_calls_counts_once() -> None:
    some = [judgement("m:one", 0.03), judgement("m:two", 0.03)]
    assert why_hopeless(some, 1.05) is None
    inside = replace(some[1], observation=replace(some[1].observation, callers={"m:one": 100}))
    why = why_hopeless([some[0], inside], 1.05)
    assert why is not None and "the functions that could be converted take 3.0%" in why


def test_a_share_that_is_not_known_and_an_empty_plan_end_nothing() -> None:
    assert why_hopeless([judgement("m:one", 0.01), judgement("m:two", None)], 1.05) is None
    assert why_hopeless([], 1.05) is None
    assert why_hopeless([judgement("m:one", 1.0)], 1.05) is None


def timed(name: str, at_most: float | None, seconds: float | None, callers: dict[str, int] | None = None) -> Judgement:
    """A candidate whose eager call took 10 ms in the check, and its graph call ``seconds``."""
    result = VariantResult("graph", Verdict.CONFIRMED, 1, 0.1, seconds, 0.01, 0.0)
    return replace(judgement(name, at_most, callers), variants=(result,), variant=Variant("graph"))


def test_the_gain_to_expect_is_amdahls_with_the_timings_of_the_check() -> None:
    assert expected_gain([timed("m:step", 0.5, 0.002)]) == pytest.approx(1 / (1 - 0.5 * 0.8))
    assert expected_gain([timed("m:step", 0.2, 0.005), timed("m:two", 0.1, 0.001)]) == pytest.approx(1 / (1 - 0.19))
    inside = timed("m:two", 0.1, 0.001, {"m:step": 3, "": 1})
    assert expected_gain([timed("m:step", 0.2, 0.005), inside]) == pytest.approx(1 / (1 - 0.1 - 0.0225))
    assert expected_gain([timed("m:step", 0.5, 0.02)]) == 1.0


@pytest.mark.parametrize(
    "some",
    [
        [],
        [judgement("m:step", 0.1)],
        [timed("m:step", None, 0.001)],
        [timed("m:step", 0.1, None)],
        [timed("m:step", 1.0, 1e-12)],
    ],
)
def test_without_timings_no_gain_is_too_small(some: list[Judgement]) -> None:
    assert expected_gain(some) > 1e6


def test_the_smaller_a_gain_the_more_groups_show_it() -> None:
    needed = [groups_needed(gain, 1.05) for gain in (math.inf, 2.0, 1.27, 1.2, 1.11, 1.09, 1.07, 1.06, 1.051, 1.02)]
    assert needed == sorted(needed) and needed[:3] == [2, 2, 2] and needed[3:5] == [3, 3]
    assert needed[5] == 4 and 5 <= needed[6] <= 8 and needed[-1] == 100
