"""The runs with several seeds: which are made, how far they go, and what is kept of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hybridize.dynamic.parent import cold
from hybridize.dynamic.parent.runs import Seen
from hybridize.options import Options
from hybridize.records import (
    Action,
    Benchmark,
    Drift,
    Ending,
    Function,
    FunctionKind,
    Judgement,
    Metric,
    Observation,
    Pair,
    RunOutcome,
    Scan,
    Target,
    TimedTurn,
    Verdict,
)
from hybridize.run.stages.seeds import Extent, compare_over_seeds, extent, merged
from hybridize.run.work import Work

COLD = Drift("none", "L4", "all agree", (Metric("w", "variable", 1.0, 1.0, 0.0, 0.0, "none"),))
LENGTH = 40


class Silence:
    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


def benchmark(startup: float = 2.0, unit_seconds: float = 0.1) -> Benchmark:
    turns = (TimedTurn(10, (10 * unit_seconds, 0.1, 10 * unit_seconds)),) * 5
    arms = ("eager", "edited", "eager twin")
    pair = Pair(arms, turns, 5.0, 1.0, (startup,) * 3, (9.0,) * 3, (1, 1, 1), (0, 0, 0), True)
    return Benchmark("train:step", 100, (pair,), None, 1.0, 5.0, 2.0, 0.0, 0, False, "faster")


def ended(loss: float, ending: Ending = Ending.FINISHED, units: int = LENGTH, **more: Any) -> Seen:
    rows = [[loss]] * units
    outcome = RunOutcome(ending, 0, 3.0, "log", lines=(f"final loss {loss:.4f}",), **more)
    return Seen(outcome, {"units": units, "latest": rows, "recorded": {"history loss": loss}})


@pytest.fixture
def laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A plan that pays, and runs that end as a function of the seed and the arm says."""

    def lay(behave: Callable[[int, str], Seen], runs: int = 5, budget: float = 600.0, **options: Any) -> Any:
        made: list[tuple[int, str]] = []
        steps: set[int] = set()

        def replay(
            run: Any, unit: Any, arms: Sequence[Any], seconds: float, most: int, reach: Any = ()
        ) -> dict[str, Seen]:
            assert run.finals and seconds > 0
            steps.add(most)
            seen = {}
            for arm in arms:
                name = arm.label.rpartition("-")[2]
                assert arm.nudge == (name == "nudged")
                made.append((run.target.seed, name))
                seen[arm.label] = behave(run.target.seed, name)
            return seen

        monkeypatch.setattr(cold, "replay", replay)
        root = str(tmp_path)
        given = Options(budget_seconds=budget, drift_runs=runs, **options)
        target = Target(root, root, f"{root}/train.py", seed=given.seed)
        work = Work(given, Silence(), target, tmp_path / "results")  # type: ignore[arg-type]
        work.benchmark, work.drift, work.observed_whole = benchmark(), COLD, True
        named = ("train:step", "train.py", 3, 5, "train", "step", FunctionKind.FUNCTION)
        function = Function(*named, None, (), (), (), Action.HYBRIDIZE, None)
        judgement = Judgement(function, Verdict.CONFIRMED, (), Observation(calls=LENGTH, seconds=4.0), selected=True)
        scan = Scan(root, (), (), {"train.py": "train"}, frozenset(["train.py"]), frozenset(), 20, True)
        compare_over_seeds(work, scan, judgement)
        return work, made, steps

    return lay


def test_each_seed_is_run_as_it_stands_and_as_edited(laid: Any) -> None:
    work, made, steps = laid(lambda seed, arm: ended(seed / 10), seed=7)
    assert sorted(made) == sorted((seed, arm) for seed in range(8, 13) for arm in ("eager", "edited"))
    assert steps == {sys.maxsize}, "a script as short as this is run to its end"
    assert (work.drift.verdict, work.drift.level) == ("none", "L3")
    assert "over 5 seeds, 3 final numbers are equivalent" in work.drift.reason
    assert "with one seed, from a cold start (L4): none, all agree" in work.drift.reason
    assert {metric.source for metric in work.drift.metrics} == {"unit", "printed", "keras", "variable"}
    assert not work.warnings


def test_a_first_seed_that_was_done_fast_is_run_again_to_the_end(laid: Any) -> None:
    """The estimate of what a run costs is a cautious one; the first seed shows what it really is."""

    def behave(seed: int, arm: str) -> Seen:
        first = len(counted) < 2
        counted.append(arm)
        return ended(seed / 10, *((Ending.CUT, 25) if first else (Ending.FINISHED, LENGTH)))

    counted: list[str] = []
    work, made, steps = laid(behave, budget=65.0)
    assert made.count((1, "eager")) == 2 and made.count((2, "eager")) == 1
    assert max(steps) == sys.maxsize and min(steps) < 25
    assert work.drift.verdict == "none" and "after 40 steps" in work.drift.reason


def test_where_the_runs_part_two_more_tell_why(laid: Any) -> None:
    def worse(seed: int, arm: str) -> Seen:
        return ended(seed / 100 + (arm == "edited"))

    work, made, _ = laid(worse)
    assert made[-2:] == [(5, "nudged"), (5, "twin")]
    assert work.drift.verdict == "drift" and work.drift.metrics[0].verdict == "drift"


def test_a_script_that_fails_edited_and_not_as_it_stands_has_drifted(laid: Any) -> None:
    def failing(seed: int, arm: str) -> Seen:
        if (seed, arm) == (2, "edited"):
            return ended(0.1, Ending.RAISED, error_type="ValueError", error="no such shape")
        return ended(seed / 10)

    work, made, _ = laid(failing)
    assert work.drift.verdict == "drift"
    assert "with seed 2" in work.drift.reason and "ValueError" in work.drift.reason
    assert max(seed for seed, _ in made) == 2


def test_a_seed_with_which_the_script_itself_fails_is_left_out(laid: Any) -> None:
    work, _, _ = laid(lambda seed, arm: ended(seed / 10, Ending.RAISED if seed == 2 else Ending.FINISHED))
    assert work.drift.verdict == "none"
    assert "over 4 of 5 seeds" in work.drift.reason
    assert "with seed 2 the script raised an error by itself" in work.drift.reason


def test_runs_that_did_not_come_as_far_are_not_compared(laid: Any) -> None:
    work, _, _ = laid(lambda seed, arm: ended(seed / 10 + len(arm), Ending.CUT, units=30 if arm == "eager" else 39))
    assert work.drift.verdict == "inconclusive"
    assert "over 0 of 5 seeds" in work.drift.reason and "did not get as far" in work.drift.reason
    assert work.warnings


def test_without_time_nothing_is_run_and_that_is_said(laid: Any) -> None:
    work, made, _ = laid(lambda seed, arm: ended(0.1), budget=20.0)
    assert not made
    assert work.drift.verdict == "inconclusive" and "--budget" in work.drift.reason
    assert COLD.metrics[0] in work.drift.metrics, "what was found before stays"


def test_two_seeds_are_too_few(laid: Any) -> None:
    work, made, _ = laid(lambda seed, arm: ended(seed + len(arm)), runs=2)
    assert len(made) == 4
    assert work.drift.verdict == "inconclusive" and "at least 3" in work.drift.reason


def test_an_interrupt_keeps_what_was_compared(laid: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Work] = []
    monkeypatch.setattr(Work, "watch", lambda work, text: kept.append(work))

    def interrupted(seed: int, arm: str) -> Seen:
        if seed == 5:
            raise KeyboardInterrupt
        return ended(seed / 10)

    with pytest.raises(KeyboardInterrupt):
        laid(interrupted)
    assert kept[-1].drift is not None
    assert kept[-1].drift.reason.startswith("over 4 of 5 seeds")


def test_lines_that_were_not_all_kept_have_no_last_one(laid: Any) -> None:
    work, _, _ = laid(lambda seed, arm: ended(seed / 10, lines_dropped=1 if arm == "eager" else 0))
    assert {metric.source for metric in work.drift.metrics} == {"unit", "keras", "variable"}


@pytest.mark.parametrize(
    ("left", "length", "steps", "expected"),
    [
        (600.0, 100, None, sys.maxsize),  # the whole script fits
        (60.0, 1000, None, 20),  # 10 s a round, 4 s a run, of which 2 s to start
        (60.0, None, None, 20),
        (600.0, None, 50, 50),
        (600.0, 30, 50, 30),
        (30.0, 1000, None, None),
        (600.0, 1000, 3, 3),  # as few as the user wants
    ],
)
def test_a_run_goes_as_far_as_the_budget_has_room_for(
    left: float, length: int | None, steps: int | None, expected: int | None
) -> None:
    found = extent(benchmark(), left, 6, length, steps)
    assert found == (None if expected is None else Extent(expected, left / 6))


def test_a_verdict_over_seeds_stands_before_that_of_one() -> None:
    found = merged(Drift("inconclusive", "L3", "too few"), COLD)
    assert (found.verdict, found.level) == ("inconclusive", "L3")
    assert found.reason.startswith("too few; with one seed")
    assert merged(found, None) is found
