"""The edited script is run to its end as the user will run it, and what fails only then takes the edits back."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.parent.runs import Run
from hybridize.options import Options
from hybridize.records import Benchmark, Crash, Edit, EditedFile, Ending, Plan, RunOutcome, Target
from hybridize.rewrite import edit_project
from hybridize.run import remainder
from hybridize.run.stages import last_run
from hybridize.run.work import Work
from hybridize.sandbox.parent.nursery import Nursery
from hybridize.static import scan

EDITED = EditedFile("train.py", b"", b"", "", {"train:step": 4}, (1, 2, 4, 5))
ENDED = RunOutcome(Ending.FINISHED, 0, 9.0, "log")
FAILED = RunOutcome(
    Ending.RAISED, 1, 9.0, "log", "TypeError: cannot pickle it", "TypeError", "/p/train.py:9"
)


class Silence:
    """A watcher that nobody looks at."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


def after(
    *outcomes: RunOutcome, verdict: str = "faster", own: float | None = 20.0, spent: float = 0.0
) -> tuple[Work, list[str]]:
    """What is known after the last run, and the runs that were made of the ``outcomes``."""
    waiting, made = list(outcomes), list[str]()
    work = Work(Options(), Silence(), Target("/p", "/p", "/p/train.py"), Path())  # type: ignore[arg-type]
    work.plan, work.own_seconds = Plan((Edit("train:step", "train.py", 3, "step"),), (EDITED,)), own
    work.begun -= spent
    work.benchmark = Benchmark("train:step", 9, (), None, None, None, None, None, None, False, verdict)

    def alone(files: Any, seconds: float, label: str) -> RunOutcome:
        made.append("edited" if files else "original")
        return waiting.pop(0)

    work.run_with = lambda scan: SimpleNamespace(alone=alone)  # type: ignore[method-assign, assignment, return-value]
    last_run.run(work, None)  # type: ignore[arg-type]
    return work, made


def test_a_script_that_ends_says_nothing() -> None:
    work, made = after(ENDED)
    assert made == ["edited"] and work.benchmark is not None and work.benchmark.crash is None


def test_a_script_that_fails_where_the_original_does_not_has_crashed() -> None:
    work, made = after(FAILED, ENDED)
    assert made == ["edited", "original"]
    assert work.benchmark is not None and work.benchmark.verdict == "inconclusive"
    assert work.benchmark.crash == Crash("raised TypeError: cannot pickle it", ("/p/train.py:9",), timed=False)


@pytest.mark.parametrize(
    "outcomes",
    [
        (FAILED, FAILED),
        (RunOutcome(Ending.CUT, None, 9.0, "log"),),
        (RunOutcome(Ending.RAISED, 1, 9.0, "log", "MemoryError", "MemoryError"),),
    ],
    ids=["the original fails too", "the time was up", "no memory"],
)
def test_what_is_not_the_edits_fault_is_not_held_against_them(outcomes: tuple[RunOutcome, ...]) -> None:
    work, made = after(*outcomes)
    assert len(made) == len(outcomes) and work.benchmark is not None and work.benchmark.crash is None


@pytest.mark.parametrize(
    "known",
    [{"verdict": "inconclusive"}, {"own": None}, {"spent": Options().budget_seconds - 20.0}],
    ids=["nothing is written", "it did not end in its time", "no time is left"],
)
def test_it_is_run_only_where_it_can_end_and_matters(known: dict[str, Any]) -> None:
    assert after(**known)[1] == []


def test_the_measurement_leaves_time_for_it_unless_that_is_much() -> None:
    work, _ = after(ENDED)
    assert remainder.kept(work) == 20.0 + remainder.END_SECONDS
    work.own_seconds = work.left
    assert remainder.kept(work) == 0.0


COPIED = """
import copy
import tensorflow as tf

def step(x):
    return tf.nn.tanh(x * 2.0)

held = {"step": step}
for _ in range(3):
    step(tf.ones(3))
copy.deepcopy(held)
"""


@pytest.mark.slow
def test_nothing_is_hooked_in_it(tmp_path: Path, seeded_nursery: Nursery) -> None:
    """A function can be copied; a `tf.function` that has a trace can't, and a hook around it would hide that."""
    (tmp_path / "train.py").write_text(COPIED)
    target = Target(str(tmp_path), str(tmp_path), str(tmp_path / "train.py"), seed=0)
    run = Run(target, scan(tmp_path, tmp_path / "train.py"), tmp_path / "logs", nursery=seeded_nursery)
    files, _ = edit_project(tmp_path, [Edit("train:step", "train.py", 5, "step")])
    assert run.alone((), 60.0, "original").ending is Ending.FINISHED
    edited = run.alone(files, 60.0, "edited")
    assert edited.ending is Ending.RAISED and "FuncGraph" in (edited.error or "")
    assert edited.error_place is not None and edited.error_place.endswith("train.py:12"), "a line of the edited file"
