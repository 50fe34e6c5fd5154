"""`optimize confirm`: what is proved, what is known already, and how it ends. The proof itself is stood in for."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybridize.options import Options
from hybridize.records import (
    Action,
    Benchmark,
    Crash,
    Drift,
    Function,
    Interval,
    Judgement,
    Move,
    Reason,
    Report,
    Target,
    Verdict,
)
from hybridize.run import pipeline
from hybridize.run.held import confirming
from hybridize.run.held.confirming import Asked
from hybridize.run.work import Work

PROGRAM = """\
import tensorflow as tf


@tf.function
def step(x):
    return x * 2.0


@tf.function
def apart(x):
    return x + 1.0


def plain(x):
    return x


def train():
    step(tf.ones([2]))


def test():
    apart(tf.ones([2]))


train()
test()
plain(1)
"""


class Silence:
    """A watcher that nobody looks at."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


class Repository:
    """A project under git, and runs of confirm in it of which only the proof is stood in for."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.proved: list[str] = []
        self.verdict, self.why = Verdict.CONFIRMED, Reason("agreed", "eager and graph agree")
        self.benchmark: Benchmark | None = None
        self.drift: Drift | None = None
        monkeypatch.chdir(folder)
        monkeypatch.setattr(confirming, "prove", self._prove)
        monkeypatch.setattr(confirming, "nursery", lambda work: contextlib.nullcontext())
        self.write(PROGRAM)
        (folder / ".gitignore").write_text("results/\n")
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-qm", "one")

    def git(self, *arguments: str) -> None:
        who = ["-c", "user.name=n", "-c", "user.email=e@x"]
        subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True)

    def write(self, text: str) -> None:
        (self.folder / "train.py").write_text(text)

    def _prove(self, work: Work, found: object, functions: Sequence[Function]) -> None:
        self.proved = [function.id for function in functions]
        judged = [replace(function, proposal=Action.HYBRIDIZE) for function in functions]
        work.judgements.clear()
        work.add([Judgement(function, self.verdict, (self.why,)) for function in judged])
        work.benchmark, work.drift = self.benchmark, self.drift

    def confirm(self, **asked: Any) -> Report:
        self.proved = []
        job = Asked(**asked)
        options = Options(script=Path("train.py"))
        return pipeline.run(options, Silence(), ("optimize",), lambda work: confirming.confirm(work, job))  # type: ignore[arg-type]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    return Repository(tmp_path, monkeypatch)


STEP, APART = "train:step", "train:apart"


def measured(verdict: str, crash: Crash | None = None) -> Benchmark:
    ratio = None if crash else Interval(2.0, 1.9, 2.1)
    return Benchmark(STEP, 10, (), ratio, 1.0, 2.0, 2.0, 0.1, 3, False, verdict, reason="so it is", crash=crash)


@pytest.mark.slow
def test_a_change_has_what_it_touches_proved_and_nothing_else(repository: Repository) -> None:
    repository.write(PROGRAM.replace("x * 2.0", "x * 3.0"))
    report = repository.confirm(since="HEAD")
    assert (repository.proved, report.status, report.exit_code) == ([STEP], "confirmed", 0)
    assert report.message.startswith("Confirmed: train:step.")


@pytest.mark.slow
def test_a_caller_that_changes_has_what_it_calls_proved(repository: Repository) -> None:
    repository.write(PROGRAM.replace("apart(tf.ones([2]))", "apart(tf.ones([3]))"))
    repository.confirm(since="HEAD")
    assert repository.proved == [APART]


@pytest.mark.slow
@pytest.mark.parametrize("new", ["# here\n\n\ndef plain(x)", "def plain(x: int)"])
def test_moved_lines_and_what_no_decorated_function_has_to_do_with_run_nothing(
    repository: Repository, new: str
) -> None:
    repository.write(PROGRAM.replace("def plain(x)", new))
    report = repository.confirm(since="HEAD")
    assert (repository.proved, report.exit_code) == ([], 0)
    assert "affect no decorated function" in report.message


@pytest.mark.slow
def test_statements_that_run_on_import_may_touch_any(repository: Repository) -> None:
    repository.write(PROGRAM.replace("plain(1)", "plain(2)"))
    repository.confirm(since="HEAD")
    assert repository.proved == [STEP, APART]


@pytest.mark.slow
def test_what_a_report_confirmed_is_not_run_again_until_something_changes_or_it_is_asked_for(
    repository: Repository,
) -> None:
    repository.write(PROGRAM.replace("x * 2.0", "x * 3.0"))
    first = repository.confirm(since="HEAD")
    again = repository.confirm(since="HEAD")
    assert (repository.proved, again.exit_code) == ([], 0)
    assert "1 function of 1 not run again" in again.message
    third = repository.confirm(since="HEAD")
    for report in (again, third):
        (known,) = (reason for reason in report.judgements[0].reasons if reason.code == confirming.KNOWN)
        assert Path(str(first.folder)).name in known.message
    repository.confirm(since="HEAD", fresh=True)
    assert repository.proved == [STEP]
    repository.write(PROGRAM.replace("x * 2.0", "x * 4.0"))
    repository.confirm(since="HEAD")
    assert repository.proved == [STEP]


@pytest.mark.slow
def test_what_was_refuted_is_run_again(repository: Repository) -> None:
    repository.verdict = Verdict.REFUTED
    repository.confirm(candidates=(STEP,))
    repository.confirm(candidates=(STEP,))
    assert repository.proved == [STEP]


@pytest.mark.slow
def test_of_two_functions_only_the_one_that_is_not_known_is_run(repository: Repository) -> None:
    repository.confirm(candidates=(STEP,))
    report = repository.confirm(candidates=(STEP, APART))
    assert repository.proved == [APART]
    assert {each.function.id for each in report.judgements if each.verdict is Verdict.CONFIRMED} == {STEP, APART}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arrange", "status", "said"),
    [
        (
            lambda r: setattr(r, "verdict", Verdict.REFUTED),
            "refuted",
            "Not confirmed: train:step is refuted: eager and graph agree. Remove the decorator (train.py:5)",
        ),
        (lambda r: setattr(r, "benchmark", measured("slower")), "slower", "is slower than without the decorators"),
        (
            lambda r: setattr(r, "benchmark", measured("inconclusive", Crash("raised ValueError: no"))),
            "refuted",
            "the decorated script raised ValueError: no; without the decorators it does not",
        ),
        (lambda r: setattr(r, "drift", Drift("drift", "L4", "the loss differs")), "drift", "the loss differs"),
    ],
)
def test_what_is_refuted_slower_or_drifts_fails(
    repository: Repository, arrange: Callable[[Repository], None], status: str, said: str
) -> None:
    arrange(repository)
    report = repository.confirm(candidates=(STEP,))
    assert (report.status, report.exit_code) == (status, 1)
    assert said in report.message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verdict", "move", "what"),
    [
        (Verdict.UNOBSERVED, Move.USER, "Confirm it with a script or arguments that call it."),
        (Verdict.INCONCLUSIVE, Move.BUDGET, "Use a longer --budget."),
        (Verdict.INCONCLUSIVE, Move.NOBODY, "Review it yourself before you merge."),
    ],
)
def test_what_is_not_decided_passes_unless_it_is_to_fail(
    repository: Repository, verdict: Verdict, move: Move, what: str
) -> None:
    repository.verdict, repository.why = verdict, Reason("x", "too little is known", move=move)
    report = repository.confirm(candidates=(STEP,))
    assert (report.status, report.exit_code) == ("undecided", 0)
    assert report.message.endswith(what)
    assert repository.confirm(candidates=(STEP,), pass_inconclusive=False).exit_code == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"candidates": ("train:nothing",)}, "There is no function train:nothing; those decorated are: train:apart,"),
        ({"candidates": ("train:plain",)}, "train:plain is not decorated"),
        ({"since": "nowhere"}, "git knows no commit nowhere"),
    ],
)
def test_what_can_not_be_asked_is_wrong_usage(repository: Repository, asked: dict[str, Any], said: str) -> None:
    report = repository.confirm(**asked)
    assert (report.status, report.exit_code) == ("usage", 2) and said in report.message


@pytest.mark.slow
def test_the_report_is_of_the_project_that_is_there(repository: Repository) -> None:
    target = repository.confirm(candidates=(STEP,)).command.target
    assert isinstance(target, Target) and target.root == str(repository.folder)
