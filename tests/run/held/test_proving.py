"""Proves the code as it stands, against the same code without its decorators: one run of each kind, untimed."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from hybridize.options import Options
from hybridize.records import Target, Verdict
from hybridize.run.held import confirming
from hybridize.run.held.confirming import Asked, confirm
from hybridize.run.stages import measure
from hybridize.run.target import find_target
from hybridize.run.work import Stop, Work
from hybridize.sandbox.parent.launch import all_stopped
from hybridize.sandbox.parent.nursery import Nursery

pytestmark = pytest.mark.slow

PROGRAM = """\
import tensorflow as tf

weight = tf.Variable(tf.ones([8, 8]) * 0.1)
seen = []


@tf.function(
    reduce_retracing=True,
)
def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(tf.matmul(x, weight) - x))
    weight.assign_sub(0.1 * tape.gradient(loss, weight))
    return loss


@tf.function
def notes(x):
    seen.append(len(seen))
    return tf.reduce_sum(x)


@tf.function
def scaled(x, factor):
    return tf.reduce_sum(x) * factor


@tf.function
def never(x):
    return x


data = tf.random.normal([4, 8], seed=3)
for number in range(60):
    loss = step(data + float(number))
    notes(data)
    scaled(data, float(number))
print(float(loss))
"""
NAMES = ("train:step", "train:notes", "train:scaled", "train:never")


class Silence:
    """A watcher that nobody looks at."""

    def stage(self, name: str, detail: str = "") -> None: ...

    def note(self, text: str) -> None: ...

    def progress(self, text: str, spent: float, budget: float) -> None: ...

    def warn(self, text: str) -> None: ...


@pytest.fixture(scope="module")
def confirmed(
    seeded_nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Work, tuple[str, str, int]]:
    folder = tmp_path_factory.mktemp("standing")
    (folder / "train.py").write_text(PROGRAM)
    with pytest.MonkeyPatch.context() as patch, all_stopped():
        patch.chdir(folder)
        patch.setattr(measure, "run", lambda *args, **options: None)
        patch.setattr(confirming, "nursery", lambda work: contextlib.nullcontext())
        options = Options(script=Path("train.py"), budget_seconds=240.0)
        target = find_target(options, folder)
        assert isinstance(target, Target)
        work = Work(options, Silence(), target, folder / "results" / "1")
        work.nursery = work.waiting_nursery = seeded_nursery
        return work, confirm(work, Asked(NAMES))


def test_what_is_safe_is_confirmed_and_what_is_not_is_refuted_each_for_itself(confirmed) -> None:
    work, (status, message, code) = confirmed
    verdicts = {name: work.judgements[name].verdict for name in NAMES}
    assert verdicts == {
        "train:step": Verdict.CONFIRMED,
        "train:notes": Verdict.REFUTED,
        "train:scaled": Verdict.REFUTED,
        "train:never": Verdict.UNOBSERVED,
    }, message
    assert (status, code) == ("refuted", 1)


def test_the_answer_names_each_that_is_not_confirmed_the_evidence_and_what_to_do(confirmed) -> None:
    _, (_, message, _) = confirmed
    assert "train:notes is refuted: it changes seen" in message
    assert "Remove the decorator (train.py:18), or fix the code" in message
    assert "train:scaled is refuted: it is retraced" in message and "`factor`" in message
    assert "train:never is unobserved" in message and "Confirm it with a script or arguments that call it." in message
    assert "train:step" not in message


def test_lines_are_those_of_the_users_file_which_is_left_alone(confirmed) -> None:
    work, _ = confirmed
    assert (Path(work.target.root) / "train.py").read_text() == PROGRAM
    assert work.judgements["train:step"].function.line == 10
    assert work.plan.edits == () and not any(judgement.selected for judgement in work.judgements.values())


def test_what_is_judged_is_told_as_a_tf_function_of_the_users(confirmed) -> None:
    work, _ = confirmed
    assert work.judgements["train:notes"].function.hybrid == "@tf.function"
    assert work.judgements["train:step"].function.hybrid == "@tf.function(reduce_retracing=True)"


def test_each_has_the_arguments_of_its_decorator_and_a_key(confirmed) -> None:
    work, _ = confirmed
    assert work.judgements["train:step"].variant.arguments == (("reduce_retracing", "True"),)
    assert set(work.keys) == set(NAMES)


def test_what_stands_was_started_cold_and_does_not_drift(confirmed) -> None:
    work, _ = confirmed
    assert work.drift is not None and work.drift.verdict == "none", work.drift


def test_a_script_that_needs_a_decorator_fails_without_it_and_that_is_not_called_its_own_failure(
    seeded_nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.py").write_text(PROGRAM.replace("data =", "step.get_concrete_function(tf.ones([4, 8]))\ndata ="))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(confirming, "nursery", lambda work: contextlib.nullcontext())
    options = Options(script=Path("train.py"), budget_seconds=120.0)
    target = find_target(options, tmp_path)
    assert isinstance(target, Target)
    work = Work(options, Silence(), target, tmp_path / "results" / "1")
    work.nursery = work.waiting_nursery = seeded_nursery
    with all_stopped(), pytest.raises(Stop) as stopped:
        confirm(work, Asked(("train:step",)))
    said = stopped.value.message
    assert said.startswith("train.py failed without the tf.function decorators of train:step: AttributeError")
    assert "If it can't run without one of them" in said and "by itself" not in said
    assert stopped.value.exit_code == 3
