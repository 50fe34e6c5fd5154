"""Whole loops around proved steps: when they are tried, what decides, and what becomes of the plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.parent import outlines
from hybridize.measure.contest import Choice
from hybridize.options import Options
from hybridize.records import Drift, Ending, Judgement, Observation, Plan, Reason, Scan, Target, Verdict
from hybridize.rewrite.lines import hook_in
from hybridize.run.objections import Objection
from hybridize.run.stages import loops
from hybridize.run.trial import ColdTrial
from hybridize.run.work import Work, edits_of
from hybridize.static import scan
from tests.run.stages.test_race import Quiet

SCRIPT = """import tensorflow as tf

w = tf.Variable(2.0)
optimizer = tf.keras.optimizers.SGD(0.01)
batches = tf.data.Dataset.from_tensor_slices(tf.ones([12, 1])).batch(2)

for epoch in range(9):
    for x in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(w * x))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    print(epoch, float(w))
"""
AGREES = Drift("none", "L4", "all agree over 8 steps")
LOOP, STEP = "train:<module>@8-11", "train:<module>@9-11"


def step_of(found: Scan) -> Judgement:
    (function,) = [f for f in found.functions if f.region is not None]
    seen = Observation(calls=54, seconds=2.0, share=0.9)
    return Judgement(function, Verdict.CONFIRMED, (Reason("agreed", "agreed"),), seen, selected=True)


class Compared:
    """A comparison of the operations that finds what a test says."""

    wrong = ""
    kinds = ("tf.data.Dataset",)
    reaches = True

    def __init__(self, _run: object) -> None:
        self.outlined = SimpleNamespace(report={}, outcome=SimpleNamespace(ending=Ending.FINISHED))

    def differs(self, files: Any, seconds: float, iterated: Any) -> str:
        assert seconds > 0 and iterated == {LOOP: [0]}
        self.outlined.report = {"iterated": {LOOP: list(self.kinds)}, "calls": {LOOP: 9}}
        (edited,) = files
        assert b"def train_epoch(batches):" in edited.after and b"@tf.function" not in edited.after
        return self.wrong

    def reached(self, _candidate: str) -> bool:
        return self.reaches


@pytest.fixture
def laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A script whose step was proved, and what the runs of its loop say."""

    def lay(
        objection: Objection | None = None, winner: str = loops.LOOP, rewrite: str = "loops", **compared: Any
    ) -> tuple[Work, Quiet]:
        (tmp_path / "train.py").write_text(SCRIPT)
        found = scan(tmp_path, tmp_path / "train.py")
        root, watcher = str(tmp_path), Quiet()
        target = Target(root, root, f"{root}/train.py")
        watcher.stage = _stage  # type: ignore[method-assign,assignment]
        work = Work(Options(rewrite=rewrite), watcher, target, tmp_path)  # type: ignore[arg-type]
        step = step_of(found)
        work.add([step])
        work.plan = Plan(tuple(edits_of([step])), *work.edit(tmp_path, edits_of([step]))[:1])
        for name, value in compared.items():
            monkeypatch.setattr(Compared, name, value)
        monkeypatch.setattr(outlines, "Comparison", Compared)
        drift = AGREES if objection is None else None

        def attempt(trial: ColdTrial, chosen: Any, label: str) -> Any:
            assert trial.unit_name == "loop", "what is compared, and told, is loops"
            return objection, drift

        monkeypatch.setattr(ColdTrial, "attempt", attempt)
        monkeypatch.setattr(loops, "_race", lambda *_: Choice(winner, "measured"))
        loops.run(work, found)
        return work, watcher

    return lay


def _stage(name: str, detail: str = "") -> None:
    assert name == "loops" and detail


@pytest.mark.slow
def test_a_loop_that_is_the_same_program_and_faster_takes_the_place_of_its_step(laid: Any) -> None:
    work, _ = laid()
    loop, step = work.judgements[LOOP], work.judgements[STEP]
    assert (loop.verdict, loop.selected, loop.observation.calls) == (Verdict.CONFIRMED, True, 9)
    assert (step.selected, step.covered_by) == (False, LOOP)
    assert [edit.candidate for edit in work.plan.edits] == [LOOP]
    assert b"@tf.function\ndef train_epoch(batches):\n    for x in batches:\n" in work.plan.files[0].after
    # The whole is measured loop by loop, and the drift is that of what is written.
    assert work.unit is not None and work.unit.function.id == LOOP
    assert work.drift == AGREES


@pytest.mark.slow
def test_a_loop_that_is_no_faster_is_proved_and_the_step_is_kept(laid: Any) -> None:
    work, _ = laid(winner=loops.STEP)
    loop, step = work.judgements[LOOP], work.judgements[STEP]
    assert (loop.verdict, loop.selected) == (Verdict.CONFIRMED, False)
    assert loop.reasons[-1] == Reason("race", "the step is kept: measured")
    assert step.selected and [edit.candidate for edit in work.plan.edits] == [STEP]
    assert work.unit is None and work.drift is None


NOT_PROVED: dict[str, tuple[dict[str, Any], Verdict, str]] = {
    "other numbers from a cold start": (
        {"objection": Objection(Verdict.REFUTED, "it computed different numbers")},
        Verdict.REFUTED,
        "it computed different numbers",
    ),
    # The order of the data is another one in each run: nothing can be told.
    "noise": (
        {"objection": Objection(Verdict.INCONCLUSIVE, "nothing can be told")},
        Verdict.INCONCLUSIVE,
        "nothing can be told",
    ),
    "other operations": ({"wrong": "it runs other operations"}, Verdict.INCONCLUSIVE, "not the same program"),
    "not reached": ({"reaches": False}, Verdict.INCONCLUSIVE, "before a whole call"),
    "a list": ({"kinds": ("list",)}, Verdict.REFUTED, "not iterate over one"),
    "a data set and a list": ({"kinds": ("list", "tf.data.Dataset")}, Verdict.REFUTED, "not iterate over one"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NOT_PROVED)
def test_what_is_not_proved_is_left_in_python_and_the_plan_is_as_it_was(name: str, laid: Any) -> None:
    given, verdict, words = NOT_PROVED[name]
    work, _ = laid(**given)
    loop = work.judgements[LOOP]
    assert (loop.verdict, loop.selected) == (verdict, False)
    assert words in loop.reasons[0].message
    assert work.judgements[STEP].selected and [edit.candidate for edit in work.plan.edits] == [STEP]
    assert work.unit is None


@pytest.mark.slow
@pytest.mark.parametrize("rewrite", ["decorate", "outline"])
def test_no_loop_is_looked_for_unless_it_is_asked_for(rewrite: str, laid: Any) -> None:
    work, _ = laid(rewrite=rewrite, wrong="never asked")
    assert LOOP not in work.judgements
    assert [edit.candidate for edit in work.plan.edits] == [STEP]


@pytest.mark.slow
def test_a_loop_is_found_around_a_step_that_was_moved_out_of_it(laid: Any) -> None:
    work, _ = laid(winner=loops.STEP)
    region = work.judgements[LOOP].function.region
    assert region is not None
    place = hook_in(work.plan.files, LOOP, "train.py", region.first, region)
    lines = work.plan.files[0].after.decode().splitlines()
    assert lines[place["line"] - 1 : place["last"]] == ["    for x in batches:", "        train_step(x)"]
    assert hook_in((), LOOP, "train.py", region.first, region)["last"] == region.last
    gone = replace(work.plan.files[0], file="other.py")
    assert hook_in((gone,), LOOP, "train.py", region.first, region)["last"] == region.last


# What follows really runs.

ORDERS = """
import random

import tensorflow as tf

w = tf.Variable(tf.ones([4, 2]))
optimizer = tf.keras.optimizers.SGD(0.05)
batches = tf.data.Dataset.from_tensor_slices(tf.reshape(tf.range(88.0), [22, 4]) / 88.0).shuffle(22).batch(4)


def train_step(x):
    x = tf.nn.dropout(x, 0.5)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(x @ w - 1.0))
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    return loss


for epoch in range(7):
    total = 0.0
    for x in batches:
        total += train_step(x)
    print(epoch, float(total))
"""
#: The same, but that each run has another order of the data.
NOT_AGAIN = ORDERS.replace(".shuffle(22)", ".shuffle(22, seed=random.SystemRandom().randrange(2**31))")


@pytest.mark.slow
def test_a_loop_of_the_graph_draws_the_data_as_the_script_does_and_what_is_not_the_same_is_seen(tmp_path: Path) -> None:
    work, found, tried = laid_out(tmp_path, ORDERS)
    standing = loops._outlined(work, found, [tried], 120.0)
    assert [each.judgement.observation.calls for each in standing] == [7], work.judgements
    plan = loops._with_loops(work, standing)
    assert [j.function.id for j in plan] == ["train:<module>@21-22", "train:train_step"]
    trial = ColdTrial(work, found, plan[0], plan[:1])
    files, _ = trial.work.edit(tmp_path, edits_of(plan))
    assert b"    for x in batches:\n        total += train_step(x)\n    return total\n" in files[0].after
    objection, drift = trial.attempt(plan, "loops")
    assert objection is None and drift is not None and drift.verdict == "none", (objection, drift)
    # A batch that is left out, once in each loop, is another program.
    (edited,) = files
    other = replace(edited, after=edited.after.replace(b"for x in batches", b"for x in batches.skip(1)"))
    trial.work.edit = lambda root, edits: ((other,), {})
    trial.stood.clear()
    objection, drift = trial.attempt(plan, "skipping")
    assert objection is not None and objection.verdict is Verdict.REFUTED, drift


@pytest.mark.slow
def test_where_each_run_has_another_order_of_the_data_a_loop_is_not_confirmed(tmp_path: Path) -> None:
    work, found, tried = laid_out(tmp_path, NOT_AGAIN)
    assert loops._outlined(work, found, [tried], 120.0) == []
    left = work.judgements["train:<module>@21-22"]
    assert left.verdict is Verdict.INCONCLUSIVE
    assert "two runs of the original differ" in left.reasons[0].message


def laid_out(folder: Path, source: str) -> tuple[Work, Scan, Any]:
    """A script whose step is taken for proved, and the loop around it."""
    (folder / "train.py").write_text(source)
    found = scan(folder, folder / "train.py")
    root = str(folder)
    target = Target(root, root, f"{root}/train.py", seed=0)
    work = Work(Options(budget_seconds=900.0, rewrite="loops"), Quiet(), target, folder / "logs")  # type: ignore[arg-type]
    (function,) = [f for f in found.functions if f.qualname == "train_step"]
    seen = Observation(calls=42, seconds=0.5, share=0.9)
    work.add([Judgement(function, Verdict.CONFIRMED, (), seen, selected=True)])
    (tried,) = loops._find(work, found)
    return work, found, tried
