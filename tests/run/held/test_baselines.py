"""`optimize check`: what is taken off, what is held, and how it ends. The runs themselves are stood in for."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_holding import baseline, benchmark, judgement

from hybridize.options import Options
from hybridize.records import (
    Action,
    Crash,
    Drift,
    Function,
    Interval,
    Judgement,
    Modes,
    Report,
    Throw,
    Verdict,
)
from hybridize.run import pipeline
from hybridize.run.held import checking
from hybridize.run.held.checking import Terms
from hybridize.run.work import Work

PROGRAM = """\
import tensorflow as tf


@tf.function
def step(x):
    return x * 2.0


@tf.function
def score(x):
    return x + 1.0


step(tf.ones([2]))
score(tf.ones([2]))
"""
STEP, SCORE = "train:step", "train:score"


class Silence:
    """A watcher that nobody looks at."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


class Project:
    """A project, and checks of it in which only the runs are stood in for."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.script = folder / "train.py"
        self.script.write_text(PROGRAM)
        self.taken: list[str] = []
        self.judged: dict[str, Judgement] = {STEP: judgement(STEP), SCORE: judgement(SCORE, share=0.1)}
        self.measured, self.drift = benchmark(3.0, seed=3), Drift("none", "L4", "")
        self.modes = Modes()
        monkeypatch.chdir(folder)
        monkeypatch.setattr(checking, "prove", self._prove)
        monkeypatch.setattr(checking, "nursery", lambda work: contextlib.nullcontext())

    def _prove(self, work: Work, found: object, functions: Sequence[Function]) -> None:
        self.taken = [function.id for function in functions]
        work.add([self.judged[name] for name in self.taken])
        work.benchmark, work.drift, work.modes = self.measured, self.drift, self.modes

    def check(self, against: Report | None, **terms: Any) -> Report:
        self.taken = []
        options = Options(script=Path("train.py"), arguments=("--steps", "9"), skip=terms.pop("skip", ()))
        asked = Terms(against, **terms)
        return pipeline.run(options, Silence(), ("optimize",), lambda work: checking.check(work, asked))  # type: ignore[arg-type]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


@pytest.mark.slow
def test_only_the_functions_of_the_baseline_lose_their_decorators_and_another_is_named(project: Project) -> None:
    report = project.check(baseline())
    assert (project.taken, report.status, report.exit_code) == ([STEP], "held", 0)
    assert "train:score is decorated but not in the baseline" in report.message
    assert report.held is not None and report.held.functions == (STEP,)


@pytest.mark.slow
def test_a_loss_fails(project: Project) -> None:
    project.measured = benchmark(2.0, seed=3)
    report = project.check(baseline())
    assert (report.status, report.exit_code) == ("lost", 1)
    assert report.message.startswith("The speedup is lost: 2.00x")
    assert project.check(baseline(), fail_on=0.5).exit_code == 0


def test_a_decorator_that_is_gone_fails_without_a_run_where_none_is_left(project: Project) -> None:
    project.script.write_text(PROGRAM.replace("@tf.function\ndef step", "def step"))
    report = project.check(baseline())
    assert (project.taken, report.status, report.exit_code) == ([], "lost", 1)
    assert "train:step is no longer decorated (train.py:4)" in report.message


@pytest.mark.slow
def test_what_a_run_refutes_fails_with_the_reason(project: Project) -> None:
    project.judged[STEP] = judgement(STEP, Verdict.REFUTED, "it is retraced repeatedly, from `rate`")
    report = project.check(baseline())
    assert (report.status, report.exit_code) == ("refuted", 1)
    assert "train:step is refuted: it is retraced repeatedly, from `rate`" in report.message


@pytest.mark.slow
def test_drift_and_a_crash_fail(project: Project) -> None:
    project.drift = Drift("drift", "L4", "the loss differs")
    assert project.check(baseline()).exit_code == 1
    project.drift = Drift("none", "L4", "")
    project.measured = replace(benchmark(3.0), crash=Crash("raised ValueError: no"))
    report = project.check(baseline())
    assert report.exit_code == 1 and "decorated script raised ValueError: no" in report.message


@pytest.mark.slow
def test_what_is_not_decided_passes_unless_it_is_to_fail(project: Project) -> None:
    project.measured = benchmark(2.6, groups=3, spread=0.2, seed=5)
    report = project.check(baseline())
    assert (report.status, report.exit_code) == ("undecided", 0)
    assert "it passes, as --on-inconclusive pass says" in report.message
    assert project.check(baseline(), pass_inconclusive=False).exit_code == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("throw", "told"),
    [
        (Throw("functions", "run_functions_eagerly", True, (("train.py", 3),)), True),
        (Throw("model", "Model", True, (("train.py", 3),)), False),
    ],
)
def test_a_switch_that_makes_functions_run_eagerly_is_named(project: Project, throw: Throw, told: bool) -> None:
    project.modes = Modes(thrown=(throw,))
    project.measured = benchmark(1.0, seed=3)
    message = project.check(baseline()).message
    assert ("train:step ran eagerly although it is decorated, because of" in message) == told


@pytest.mark.slow
def test_a_baseline_is_made_of_all_decorated_functions_but_those_left_out(project: Project) -> None:
    report = project.check(None)
    assert (project.taken, report.status, report.exit_code) == ([STEP, SCORE], "held", 0)
    assert report.held is not None and report.held.functions == (STEP, SCORE)
    assert report.held.graph_share == pytest.approx(0.9)
    assert set(report.keys) == {STEP, SCORE}
    assert project.check(report).status == "held"
    project.check(None, skip=(SCORE,))
    assert project.taken == [STEP]


@pytest.mark.slow
def test_no_baseline_is_made_of_what_is_refuted_or_was_not_measured(project: Project) -> None:
    project.judged[SCORE] = judgement(SCORE, Verdict.REFUTED, "it prints")
    report = project.check(None)
    assert (report.status, report.exit_code) == ("refuted", 1)
    assert "No baseline was written: train:score is refuted: it prints." in report.message
    assert "--skip train:score" in report.message
    project.judged[SCORE] = judgement(SCORE)
    project.measured = replace(project.measured, speedup=None, reason="the budget ended")
    assert "No baseline was written, because no speedup was measured: the budget ended" in project.check(None).message


@pytest.mark.slow
def test_a_baseline_of_a_wide_interval_is_told_to_decide_little(project: Project) -> None:
    assert "wide" not in project.check(None).message
    project.measured = replace(project.measured, speedup=Interval(3.0, 2.0, 4.5))
    assert "The interval is wide" in project.check(None).message


@pytest.mark.slow
def test_what_stays_decorated_in_all_runs_is_not_in_the_baseline(project: Project) -> None:
    kept = project.judged[SCORE]
    project.judged[SCORE] = replace(kept, function=replace(kept.function, proposal=Action.NONE))
    report = project.check(None)
    assert report.held is not None and report.held.functions == (STEP,)
    assert "1 decorated function:" in report.message


def test_no_baseline_is_made_where_nothing_is_decorated(project: Project) -> None:
    project.script.write_text(PROGRAM.replace("@tf.function\n", ""))
    report = project.check(None)
    assert (report.status, report.exit_code) == ("undecided", 1)
    assert report.message.startswith("There is no speedup to hold: no function")
