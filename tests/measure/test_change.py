"""Whether a ratio has changed between two measurements, and where a series of them stepped."""

from __future__ import annotations

import math
import random

import pytest

from hybridize.measure.change import change, judge, steps


def logs(ratio: float, groups: int, spread: float, seed: int) -> list[float]:
    draw = random.Random(seed)
    return [math.log(ratio) + draw.gauss(0.0, spread) for _ in range(groups)]


def test_a_loss_that_is_clear_of_the_spread_and_large_is_lost() -> None:
    found = change(logs(3.0, 6, 0.02, 1), logs(2.4, 6, 0.02, 2))
    assert found is not None
    assert found.low < 0.8 < found.high < 0.9
    assert judge(found, 0.1) == "lost"


def test_a_loss_that_is_significant_and_small_is_none() -> None:
    found = change(logs(3.0, 6, 0.003, 1), logs(2.79, 6, 0.003, 2))
    assert found is not None and found.high < 1
    assert judge(found, 0.15) == "held"


def test_a_large_estimate_that_the_spread_explains_is_not_decided() -> None:
    found = change(logs(3.0, 3, 0.3, 1), logs(2.2, 3, 0.3, 3))
    assert found is not None and found.median < 0.9 and found.high > 1
    assert judge(found, 0.1) == "inconclusive"


def test_a_gain_is_held() -> None:
    assert judge(change(logs(3.0, 3, 0.01, 1), logs(4.0, 3, 0.01, 2)), 0.1) == "held"


@pytest.mark.parametrize("few", [[], [0.1]])
def test_one_group_tells_nothing(few: list[float]) -> None:
    assert change(few, logs(3.0, 6, 0.02, 1)) is None
    assert judge(change(logs(3.0, 6, 0.02, 1), few), 0.1) == "inconclusive"


def test_groups_that_agree_to_the_last_digit_are_not_taken_at_their_word() -> None:
    found = change([0.5, 0.5], [0.46, 0.46])
    assert found is not None and found.median == pytest.approx(math.exp(-0.04))
    assert found.low < math.exp(-0.08) and found.high > 1


@pytest.mark.slow
def test_two_series_of_one_ratio_are_rarely_called_different() -> None:
    lost = sum(
        judge(change(logs(3.0, 6, 0.05, 2 * n), logs(3.0, 6, 0.05, 2 * n + 1)), 0.1) == "lost" for n in range(500)
    )
    assert lost < 5


@pytest.mark.slow
def test_a_series_without_a_step_has_none() -> None:
    draw = random.Random(5)
    assert steps([3 * math.exp(draw.gauss(0, 0.03)) for _ in range(40)]) == []


def test_a_step_is_found_where_it_is_with_the_medians_of_both_sides() -> None:
    draw = random.Random(6)
    series = [r * math.exp(draw.gauss(0, 0.02)) for r in [3.0] * 9 + [2.4] * 8]
    (step,) = steps(series)
    assert step.at == 9
    assert step.before == pytest.approx(3.0, rel=0.03) and step.after == pytest.approx(2.4, rel=0.03)
    assert step.p_value < 0.05


@pytest.mark.slow
def test_each_step_of_several_is_found() -> None:
    draw = random.Random(7)
    series = [r * math.exp(draw.gauss(0, 0.01)) for r in [2.0] * 8 + [3.0] * 8 + [2.5] * 8]
    assert [step.at for step in steps(series)] == [8, 16]


def test_a_step_smaller_than_the_factor_is_none() -> None:
    draw = random.Random(8)
    series = [r * math.exp(draw.gauss(0, 0.002)) for r in [3.0] * 9 + [2.9] * 9]
    assert steps(series) == []
    assert [step.at for step in steps(series, factor=1.01)] == [9]


@pytest.mark.parametrize("number", [0, 1, 5])
def test_a_short_series_has_no_step(number: int) -> None:
    assert steps([3.0] * number) == []


def test_equal_values_are_no_step() -> None:
    assert steps([2.0] * 20) == []
