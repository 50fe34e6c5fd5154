"""What runs end with over several seeds: equivalent, different, or too little to tell."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from hybridize.measure.equivalence import (
    Ended,
    References,
    SeedPair,
    compare_seeds,
    final_numbers,
    needs_references,
)
from hybridize.records import Drift

UNITS = 100


def train(
    seed: int,
    *,
    run: str = "",
    spread: float = 0.1,
    luck: float = 0.0,
    loss: Callable[[int, float], float] = lambda unit, value: value,
    lines: Callable[[float], Sequence[str]] = lambda value: (f"epoch 3 loss {value:.5f}",),
    **more: Any,
) -> Ended:
    """A training that ends at a loss of about 1, and prints it.

    ``spread`` is how far seeds carry it, ``luck`` how far this very ``run`` with this seed, as where training is
    chaotic.
    """
    final = 1.0 + random.Random(seed).gauss(0, spread) + random.Random(f"{seed} {run}").gauss(0, luck)
    rows = tuple((loss(unit, final + 0.01 * (UNITS - unit)),) for unit in range(UNITS))
    return Ended(lines=tuple(lines(rows[-1][0])), units=UNITS, scalars=rows, **more)


def compare(
    edited: Callable[[int], Ended],
    eager: Callable[[int], Ended] = train,
    seeds: int = 5,
    references: tuple[Ended, Ended] | None = None,
    **options: Any,
) -> Drift:
    """Compare over so many seeds, with the two more runs that the pairs ask for (by default as the eager one)."""
    pairs = [SeedPair(seed, eager(seed), edited(seed)) for seed in range(1, seeds + 1)]
    metrics = options.get("metrics", ())
    nudged, twin = references or (eager(seeds), eager(seeds))
    asked = References(seeds, nudged, twin) if needs_references(pairs, metrics) else None
    return compare_seeds(pairs, seeds, references=asked, **options)


# The numbers that a run ends with.


def test_the_units_results_count_by_the_mean_over_their_last_tenth() -> None:
    run = Ended(units=100, scalars=tuple((float(unit), 2.0) for unit in range(100)))
    found = final_numbers(run)
    assert found["unit", "", 0].value == pytest.approx(94.5)
    assert found["unit", "", 0].name == "result 1 of the step"
    assert found["unit", "", 1].value == 2.0


def test_of_more_units_than_were_kept_the_last_ones_count() -> None:
    run = Ended(units=100_000, scalars=tuple((float(unit),) for unit in range(500)))
    assert final_numbers(run)["unit", "", 0].value == pytest.approx(249.5)


def test_printed_numbers_count_by_their_last_value_and_times_do_not() -> None:
    run = Ended(lines=("epoch 1 loss 0.5 time: 3.1", "epoch 2 loss 0.25 time: 3.3", "done in 12 s"))
    found = {final.name: final for final in final_numbers(run).values()}
    assert set(found) == {"epoch", "loss"}
    assert found["loss"].value == 0.25 and found["loss"].slack == pytest.approx(0.01, rel=0.01)
    assert found["epoch"].integral and found["epoch"].slack == 0


def test_named_metrics_and_what_keras_recorded_are_final_numbers_too() -> None:
    run = Ended(lines=("val_acc=0.81", "val_acc=0.90"), recorded={"history loss": 0.5, "history time": 3.0})
    found = final_numbers(run, [("accuracy", r"val_acc=([\d.]+)")])
    assert found["metric", "accuracy", 0].value == 0.90
    assert found["keras", "history loss", 0].value == 0.5
    assert ("keras", "history time", 0) not in found


# Right runs are not accused.


def test_runs_that_agree_seed_by_seed_are_equivalent() -> None:
    found = compare(train)
    assert (found.verdict, found.level) == ("none", "L3")
    assert found.reason == "over 5 seeds, 2 final numbers are equivalent after 100 steps"
    metric = next(metric for metric in found.metrics if metric.source == "unit")
    assert (metric.seeds, metric.difference, metric.verdict) == (5, 0.0, "none")
    assert metric.noise_floor == pytest.approx(0.1, rel=0.6)


def test_a_difference_that_is_small_beside_the_spread_of_the_seeds_is_equivalent() -> None:
    found = compare(lambda seed: train(seed, run="edited", luck=0.01))
    assert found.verdict == "none", found.reason
    assert all(metric.low is not None for metric in found.metrics if metric.name == "the result of the step")


def test_a_number_that_seeds_spread_by_half_of_itself_tells_nothing() -> None:
    """Average returns of -1299 and -1071 beside a spread of as much: lying within that is no proof."""
    found = compare(lambda seed: train(seed, spread=1.5), lambda seed: train(seed, spread=1.5))
    assert found.verdict == "inconclusive" and "so it shows nothing" in found.reason
    assert {metric.verdict for metric in found.metrics} == {"inconclusive"}


@pytest.mark.slow
def test_a_script_that_is_merely_chaotic_is_not_accused() -> None:
    """Every run ends elsewhere, and the edited one shares nothing with its pair but the distribution."""
    verdicts = []
    for first in range(100):
        found = compare(
            lambda seed, first=first: train(seed + 100 * first, run="edited", spread=0.0, luck=0.1),
            lambda seed, first=first: train(seed + 100 * first, run="eager", spread=0.0, luck=0.1),
        )
        verdicts.append(found.verdict)
    assert verdicts.count("drift") <= 5
    assert verdicts.count("inconclusive") > 50


@pytest.mark.slow
def test_a_chaotic_script_is_found_equivalent_with_seeds_enough() -> None:
    found = compare(
        lambda seed: train(seed, run="edited", spread=0.0, luck=0.1),
        lambda seed: train(seed, run="eager", spread=0.0, luck=0.1),
        seeds=60,
    )
    assert found.verdict == "none", found.reason


def test_what_rounding_alone_moves_is_no_evidence_where_seeds_move_nothing() -> None:
    """A script that seeds itself ends at one number; the graph, which rounds otherwise, ends elsewhere."""

    def alike(seed: int) -> Ended:
        return train(0)

    def elsewhere(seed: int) -> Ended:
        return train(0, run="edited", luck=0.1)

    nudged = train(0, run="nudged", luck=0.1)
    found = compare(elsewhere, alike, references=(nudged, train(0)))
    assert found.verdict == "inconclusive", found.reason
    assert "one rounding error" in found.reason
    assert compare(elsewhere, alike, references=(train(0), train(0))).verdict == "drift"


def test_a_time_that_is_not_named_as_one_accuses_nobody() -> None:
    def timed(seconds: float) -> Callable[[int], Ended]:
        return lambda seed: train(seed, lines=lambda loss: (f"loss {loss:.4f} ({seconds + seed / 100:.2f})",))

    twin = train(5, lines=lambda loss: (f"loss {loss:.4f} (31.90)",))
    found = compare(timed(3.0), timed(30.0), references=(twin, twin))
    assert found.verdict == "none", found.reason
    assert "ignored" in found.reason and "two runs of the original script" in found.reason


def test_an_accuracy_that_is_off_by_a_sample_is_no_evidence() -> None:
    def accuracy(right: int) -> Callable[[int], Ended]:
        return lambda seed: train(seed, lines=lambda loss: (f"test accuracy {right / 360:.4f}",))

    assert compare(accuracy(342), accuracy(343)).verdict == "none"
    assert compare(accuracy(300), accuracy(343)).verdict == "drift"


# Planted drift is caught.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("planted", "name"),
    [
        ({"loss": lambda unit, value: value + 0.3}, "the result of the step differs by 0.3"),
        ({"loss": lambda unit, value: value * (1.0 if unit < 90 else 1.5)}, "the result of the step differs by"),
        ({"loss": lambda unit, value: None if unit > 90 else value}, "the result of the step is not finite in 5 of 5"),
        ({"lines": lambda loss: ("epoch 3 loss 1.90000",)}, "loss differs by"),
        ({"lines": lambda loss: ()}, "epoch is missing in all edited runs (and 1 more)"),
    ],
)
def test_planted_drift_is_caught(planted: dict[str, Any], name: str) -> None:
    printed = {"lines": lambda loss: ("epoch 3 loss 1.00000",)} if "loss" in planted else {}
    found = compare(lambda seed: train(seed, **printed, **planted), lambda seed: train(seed, **printed))
    assert found.verdict == "drift", found.reason
    assert name in found.reason
    assert found.metrics[0].verdict == "drift"


def test_where_seeds_move_nothing_equality_is_wanted_up_to_rounding() -> None:
    def off(factor: float) -> Callable[[int], Ended]:
        return lambda seed: train(0, loss=lambda unit, value: value * factor, lines=lambda loss: ())

    assert compare(off(1.00001), off(1.0)).verdict == "none"
    found = compare(off(1.001), off(1.0))
    assert found.verdict == "drift" and "with every seed" in found.reason


def test_what_keras_recorded_can_tell_alone() -> None:
    def recorded(worse: float) -> Callable[[int], Ended]:
        return lambda seed: Ended(units=9, recorded={"history loss": 1 + seed / 50 + worse})

    assert compare(recorded(0.0), recorded(0.0)).verdict == "none"
    assert compare(recorded(0.5), recorded(0.0)).verdict == "drift"


# How often it is wrong, and how often it can tell.


def equivalent_share(shift: float, luck: float, seeds: int, shared: bool = True, rounds: int = 500) -> float:
    """How often scripts are found equivalent whose edit shifts a number by ``shift`` standard deviations of a seed.

    Each run has ``luck`` of its own beside its seed; runs that are not ``shared`` have nothing but luck.
    """
    numbers = random.Random(f"{shift} {luck} {seeds} {shared}")
    equivalent = 0
    for _ in range(rounds):
        pairs = []
        for seed in range(seeds):
            drawn = numbers.gauss(0, 1)
            other = drawn if shared else numbers.gauss(0, 1)
            eager, edited = drawn, other + shift + numbers.gauss(0, luck)
            pairs.append(
                SeedPair(seed, Ended(recorded={"loss": 10.0 + eager}), Ended(recorded={"loss": 10.0 + edited}))
            )
        equivalent += compare_seeds(pairs, seeds).verdict == "none"
    return equivalent / rounds


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 10])
@pytest.mark.parametrize(("luck", "shared"), [(0.0, True), (0.1, True), (1.0, True), (0.0, False)])
def test_what_shifts_by_a_whole_spread_is_called_equivalent_in_one_of_twenty_cases_at_most(
    seeds: int, luck: float, shared: bool
) -> None:
    """The spread is known from these few runs alone, and may come out far too large."""
    noise = 3 * (0.05 * 0.95 / 500) ** 0.5
    assert equivalent_share(1.0, luck, seeds, shared) <= 0.05 + noise


@pytest.mark.slow
def test_pairs_that_stay_together_need_few_seeds_and_chaotic_ones_many() -> None:
    """The power that docs/drift.md tells, for an edit that shifts nothing."""
    assert equivalent_share(0.0, 0.01, 3, rounds=200) > 0.95
    assert equivalent_share(0.0, 0.0, 12, shared=False, rounds=200) < 0.1
    assert equivalent_share(0.0, 0.0, 60, shared=False, rounds=200) > 0.9


# What can't be told.


@pytest.mark.parametrize("seeds", [1, 2])
def test_too_few_seeds_tell_nothing(seeds: int) -> None:
    found = compare(lambda seed: train(seed, loss=lambda unit, value: value + 9), seeds=seeds)
    assert found.verdict == "inconclusive" and "at least 3" in found.reason
    assert found.metrics and all(metric.verdict != "drift" for metric in found.metrics)


def test_a_difference_that_the_seeds_are_too_few_for_is_said_to_be_so() -> None:
    found = compare(lambda seed: train(seed, run="edited", luck=0.15), seeds=3)
    assert found.verdict == "inconclusive" and "too few seeds" in found.reason


def test_without_another_run_nothing_is_accused_of_what_may_be_rounding() -> None:
    pairs = [SeedPair(seed, train(seed), train(seed, loss=lambda unit, value: value + 1)) for seed in range(4)]
    assert needs_references(pairs)
    found = compare_seeds(pairs, 4)
    assert found.verdict == "inconclusive" and "there was no time to tell" in found.reason


def test_why_there_are_fewer_seeds_than_wanted_is_said() -> None:
    pairs = [SeedPair(seed, train(seed), train(seed)) for seed in range(3)]
    found = compare_seeds(pairs, 8, stopped="the budget ended")
    assert found.verdict == "none"
    assert found.reason.startswith("over 3 of 8 seeds") and found.reason.endswith("the budget ended")
    assert compare_seeds([], 8, stopped="the budget ended").verdict == "inconclusive"


def test_runs_that_were_cut_are_said_to_be_so() -> None:
    found = compare(lambda seed: train(seed, complete=False), lambda seed: train(seed, complete=False))
    assert found.verdict == "none" and "before the script's end" in found.reason


def test_a_script_that_shows_no_number_cannot_be_compared() -> None:
    silent = Ended(lines=("done",), units=9)
    found = compare(lambda seed: silent, lambda seed: silent)
    assert found.verdict == "inconclusive" and "no final number" in found.reason


def test_two_numbers_of_one_name_are_told_apart_by_their_lines() -> None:
    def both(seed: int) -> Ended:
        return replace(train(seed), lines=(f"train loss: {seed / 3:.3f}", f"test loss: {seed / 2:.3f}"))

    names = [metric.name for metric in compare(both, both).metrics if metric.source == "printed"]
    assert len(set(names)) == 2
