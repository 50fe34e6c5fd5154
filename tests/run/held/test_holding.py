"""What became of a baseline's speedup, with which function and why: decided from records alone."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from hybridize.records import (
    Action,
    Benchmark,
    Budget,
    Command,
    Crash,
    Edit,
    Function,
    FunctionKind,
    Interval,
    Judgement,
    Observation,
    Pair,
    Plan,
    Reason,
    Region,
    Report,
    Target,
    TimedTurn,
    VariantResult,
    Verdict,
)
from hybridize.run.held.holding import Now, conclusion, graph_share, hold, names_of

STEP, SCORE = "train:step", "train:score"


def function(name: str, hybrid: str | None = "@tf.function") -> Function:
    short = name.partition(":")[2]
    kind = FunctionKind.FUNCTION
    return Function(name, "train.py", 5, 8, "train", short, kind, hybrid, (), (), (), Action.NONE, None)


def judgement(
    name: str,
    verdict: Verdict = Verdict.CONFIRMED,
    why: str = "eager and graph agree",
    *,
    calls: int = 100,
    share: float = 0.8,
    traces: int = 1,
    causes: tuple[str, ...] = (),
    gain: float = 3.0,
    callers: dict[str, float] | None = None,
) -> Judgement:
    seen = Observation(calls=calls, seconds=calls * 0.01, share=share, caller_seconds=callers or {"": 1.0})
    result = VariantResult("graph", Verdict.CONFIRMED, traces, 0.1, 0.01 / gain, 0.01, 0.0, causes)
    judged = replace(function(name), proposal=Action.HYBRIDIZE)
    return Judgement(judged, verdict, (Reason("x", why),), seen, variants=(result,), selected=True)


def benchmark(ratio: float, groups: int = 6, spread: float = 0.01, seed: int = 1) -> Benchmark:
    draw = random.Random(seed)
    turns = tuple(TimedTurn(1, (0.01, 0.01 / ratio, 0.01)) for _ in range(10))
    pairs = tuple(
        Pair(
            ("eager", "edited", "eager twin"), turns, ratio * math.exp(draw.gauss(0, spread)), 1.0,
            (1.0, 1.0, 1.0), (2.0, 2.0, 2.0), (1, 1, 1), (0, 0, 0), True,
        )
        for _ in range(groups)
    )  # fmt: skip
    speedup = Interval(ratio, ratio * 0.98, ratio * 1.02)
    return Benchmark(STEP, 100, pairs, speedup, 1.01, ratio, ratio, 0.1, 10, True, "faster")


def edit(name: str, region: Region | None = None) -> Edit:
    return Edit(name, "train.py", 5, name.partition(":")[2], region=region)


def baseline(ratio: float = 3.0, *names: str, **judged: Judgement) -> Report:
    names = names or (STEP,)
    target = Target("/p", "/p", "/p/train.py", ("--steps", "9"))
    judgements = tuple(judged.get(name.partition(":")[2], judgement(name)) for name in names)
    return Report(
        "optimized", "", 0, "2026-01-01T00:00:00+00:00", Command((), target, {}), {"cpus": "2", "tensorflow": "2.18"},
        Budget(1.0, 1.0), judgements, Plan(tuple(edit(name) for name in names)), benchmark(ratio, seed=1),
    )  # fmt: skip


def now(ratio: float | None = 3.0, *judged: Judgement, known: tuple[Function, ...] | None = None) -> Now:
    judged = judged or (judgement(STEP),)
    functions = tuple(function(each.function.id) for each in judged) if known is None else known
    return Now(
        {each.id: each for each in functions},
        {each.function.id: each for each in judged},
        None if ratio is None else benchmark(ratio, seed=2),
        {"cpus": "2", "tensorflow": "2.18"},
        ("--steps", "9"),
    )


def test_an_equal_ratio_is_held_and_nothing_is_told() -> None:
    held = hold(baseline(), now(), 0.1)
    assert (held.verdict, held.otherwise, held.elsewhere) == ("held", (), ())
    assert conclusion(held) == (
        "The speedup is held: 3.00x [2.94x, 3.06x] now, 3.00x [2.94x, 3.06x] in the baseline."
    )


def test_a_lost_ratio_is_told_with_both_intervals_and_the_loss() -> None:
    held = hold(baseline(), now(2.4), 0.1)
    assert held.verdict == "lost"
    said = conclusion(held)
    assert "2.40x [2.35x, 2.45x] now, 3.00x [2.94x, 3.06x] in the baseline" in said
    assert "a loss of 20% [" in said


def test_a_loss_that_is_smaller_than_what_fails_is_held() -> None:
    assert hold(baseline(), now(2.75), 0.2).verdict == "held"
    assert hold(baseline(), now(2.75), 0.05).verdict == "lost"
    assert hold(baseline(), now(2.75), 0.1).verdict == "inconclusive"


def test_what_was_not_measured_is_not_decided() -> None:
    assert hold(baseline(), now(None), 0.1).verdict == "inconclusive"
    crashed = replace(now(), benchmark=replace(benchmark(3.0), crash=Crash("raises")))
    assert hold(baseline(), crashed, 0.1).verdict == "inconclusive"


def test_a_decorator_that_was_removed_is_named_and_with_none_left_the_speedup_is_lost_unmeasured() -> None:
    bare = function(STEP, None)
    held = hold(baseline(), now(None, known=(bare,)), 0.1)
    assert held.verdict == "lost" and held.graph_share == 0.0
    assert "train:step is no longer decorated (train.py:5)" in conclusion(held)


def test_a_function_that_is_gone_is_named() -> None:
    held = hold(baseline(3.0, STEP, SCORE), now(2.0), 0.1)
    assert [(each.candidate, each.kind) for each in held.otherwise] == [(SCORE, "gone")]
    assert "train:score is no longer in the project" in conclusion(held)


def test_a_refuted_function_fails_whatever_the_ratio_and_comes_first_with_the_argument() -> None:
    grown = judgement(STEP, Verdict.REFUTED, "it is retraced repeatedly, from `rate` (Python float)")
    held = hold(baseline(), now(None, grown), 0.1)
    (told,) = held.otherwise
    assert told.kind == "refuted" and told.fails
    assert conclusion(held).startswith("train:step is refuted: it is retraced repeatedly, from `rate`")


def test_what_the_baseline_knows_as_refuted_does_not_fail_anew() -> None:
    refuted = judgement(STEP, Verdict.REFUTED, "it prints")
    (told,) = hold(baseline(3.0, step=refuted), now(3.0, refuted), 0.1).otherwise
    assert told.kind == "refuted" and not told.fails


def test_more_traces_are_told_with_their_cause_and_fail_nothing() -> None:
    more = judgement(STEP, traces=5, causes=("`x`: shape (32, 4) after (64, 4)",))
    held = hold(baseline(), now(3.0, more), 0.1)
    (told,) = held.otherwise
    assert held.verdict == "held" and not told.fails
    assert told.message == "was traced 5 times, and 1 in the baseline: `x`: shape (32, 4) after (64, 4)"


def test_the_function_that_gains_less_is_named_only_where_the_speedup_is_lost() -> None:
    weak = judgement(STEP, gain=1.5)
    assert hold(baseline(), now(3.0, weak), 0.1).otherwise == ()
    (told,) = hold(baseline(), now(1.5, weak), 0.1).otherwise
    assert told.message == "gains less per call: 1.50x, 3.00x in the baseline"


def test_what_is_not_called_and_what_ran_eagerly_is_named() -> None:
    idle = hold(baseline(), now(None, judgement(STEP, Verdict.UNOBSERVED, calls=0)), 0.1)
    assert [each.kind for each in idle.otherwise] == ["not-called"]
    never = judgement(STEP, Verdict.UNOBSERVED, calls=0)
    assert hold(baseline(3.0, step=never), now(None, never), 0.1).otherwise == ()
    switched = hold(baseline(), replace(now(1.0), eager={STEP: "run_functions_eagerly (train.py:3)"}), 0.1)
    assert "train:step ran eagerly although it is decorated, because of run_functions_eagerly" in conclusion(switched)


def test_a_decorator_that_could_not_be_taken_off_says_nothing_of_its_function() -> None:
    kept = replace(judgement(STEP, Verdict.NOT_PROPOSED, calls=0), function=function(STEP))
    assert hold(baseline(), now(None, kept), 0.1).otherwise == ()


def test_a_decorated_function_that_is_not_in_the_baseline_is_named_and_fails_nothing() -> None:
    held = hold(baseline(), now(3.0, known=(function(STEP), function(SCORE))), 0.1)
    assert [(each.candidate, each.kind, each.fails) for each in held.otherwise] == [(SCORE, "new", False)]


def test_another_machine_version_or_argument_is_said_and_the_ratio_decides() -> None:
    other = replace(now(), environment={"cpus": "8", "tensorflow": "2.21"}, arguments=())
    held = hold(baseline(), other, 0.1)
    assert held.verdict == "held"
    assert held.elsewhere == ("cpus 8, not 2", "tensorflow 2.21, not 2.18", "arguments none, not --steps 9")
    assert "The baseline was measured elsewhere (cpus 8, not 2;" in conclusion(held)


def test_a_baseline_that_a_check_made_names_its_functions_itself() -> None:
    made = replace(baseline(), plan=Plan(), held=hold(baseline(), now(), 0.1))
    assert names_of(made) == [STEP]
    assert hold(made, now(2.0), 0.1).verdict == "lost"


def test_a_region_that_was_made_a_function_is_held_by_the_name_that_it_got() -> None:
    region = Region("train.py", 5, 8, "train_step", (), (), (), 3, owner="Trainer")
    plan = Plan((edit("train:main@5-8", region), replace(edit("train:run"), action=Action.RECONFIGURE)))
    assert names_of(replace(baseline(), plan=plan)) == ["train:Trainer.train_step"]


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        ([judgement(STEP, share=0.7)], 0.7),
        ([judgement(STEP, share=0.7), judgement(SCORE, share=0.2)], 0.9),
        ([judgement(STEP, share=0.7), judgement(SCORE, share=0.2, callers={STEP: 1.0})], 0.7),
        ([judgement(STEP, share=0.7), judgement(SCORE, share=0.2, callers={STEP: 1.0, "": 1.0})], 0.8),
        ([judgement(STEP, calls=0)], None),
    ],
)
def test_the_share_of_the_time_that_runs_as_graphs_counts_each_moment_once(judged, expected) -> None:
    found = graph_share(judged, [each.function.id for each in judged])
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_share_that_was_lost_is_told() -> None:
    before = baseline(3.0, STEP, SCORE, score=judgement(SCORE, share=0.1))
    held = hold(before, now(2.0, judgement(STEP, share=0.2), judgement(SCORE, share=0.1)), 0.1)
    assert "The functions cover 30% of the training time, and 90% in the baseline." in conclusion(held)
