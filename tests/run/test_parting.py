"""After a run has refuted a function for a line of its own, the rest of it is tried as a function."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.parent.outlines import Comparison
from hybridize.options import Options
from hybridize.records import Action, Effect, Judgement, Observation, Reason, Refuted, Target, Verdict
from hybridize.run.parting import refuted_parts
from hybridize.run.stages import outline
from hybridize.run.stages import scan as scanning
from hybridize.run.work import Work
from tests.run.stages.test_outlining import Silence

# What `report` does is not known from source: only the run sees that it writes.
SCRIPT = """
import tensorflow as tf
from somewhere import report


class Agent:
    def __init__(self):
        self.w = tf.Variable(2.0)
        self.optimizer = tf.keras.optimizers.SGD(0.01)

    def update(self, x):
        with tf.GradientTape() as tape:
            loss = tf.square(self.w * x)
        gradient = tape.gradient(loss, self.w)
        self.optimizer.apply_gradients([(gradient, self.w)])
        report("loss", loss)
        return loss


agent = Agent()
for x in tf.data.Dataset.range(9):
    agent.update(tf.cast(x, tf.float32))
"""
LINE = SCRIPT.splitlines().index('        report("loss", loss)') + 1


# A step that is all of its function, and reads what another method changes.
STATE = """
import tensorflow as tf


class Agent:
    def __init__(self):
        self.w = tf.Variable(2.0)
        self.optimizer = tf.keras.optimizers.SGD(0.01)
        self.beta = 0.4

    def update(self, x):
        with tf.GradientTape() as tape:
            loss = tf.square(self.w * x) * self.beta
        gradient = tape.gradient(loss, self.w)
        self.optimizer.apply_gradients([(gradient, self.w)])
        return loss

    def anneal(self):
        self.beta = min(1.0, self.beta + 0.05)


agent = Agent()
for x in tf.data.Dataset.range(9):
    agent.update(tf.cast(x, tf.float32))
    agent.anneal()
"""
READ = STATE.splitlines().index("            loss = tf.square(self.w * x) * self.beta") + 1


def refuted(folder: Path, line: int = LINE, source: str = "", **seen: Any) -> tuple[Work, Judgement]:
    """A run of the tool to which the first look has refuted the update, for a line of it."""
    (folder / "train.py").write_text(source or SCRIPT)
    target = Target(str(folder), str(folder), str(folder / "train.py"), seed=0)
    work = Work(Options(), Silence(), target, folder)  # type: ignore[arg-type]
    scanning.run(work)
    judgement = work.judgements["train:Agent.update"]
    assert judgement.function.proposal is Action.HYBRIDIZE
    place = f"train.py:{line}"
    reason = Reason("effect-file", f"it writes to a file at {place} (seen in 3 of 9 sampled calls)", place=place)
    effect = Effect("file", "log.txt", "is written to", place, 3)
    observation = replace(Observation(effects=(effect,)), **seen)
    judgement = replace(judgement, verdict=Verdict.REFUTED, reasons=(reason,), observation=observation)
    work.add([judgement])
    return work, judgement


def proved(monkeypatch: pytest.MonkeyPatch, wrong: str = "") -> None:
    def differs(self: Comparison, files: Any, *_times: Any, **_options: Any) -> str:
        self.outlined = SimpleNamespace(report={"operations": 5})  # type: ignore[assignment]
        return wrong

    monkeypatch.setattr(Comparison, "differs", differs)
    monkeypatch.setattr(Comparison, "reached", lambda self, candidate: True)


@pytest.mark.slow
def test_the_rest_becomes_a_function_and_what_was_refuted_stays_so(tmp_path, monkeypatch):
    work, judgement = refuted(tmp_path)
    assert refuted_parts(work) == {"train:Agent.update": Refuted(frozenset({LINE}))}
    proved(monkeypatch)
    found = outline.part(work)
    assert found is not None
    (edited,) = work.base
    text = edited.after.decode()
    assert "    def train_step(self, x):\n        with tf.GradientTape() as tape:\n" in text
    assert "        loss = self.train_step(x)\n        report(" in text
    assert work.judgements["train:Agent.update"] == judgement
    new = [each for each in work.judgements.values() if each.function.region is not None]
    (candidate,) = new
    assert candidate.verdict is Verdict.UNOBSERVED and scanning.is_proposed(work, candidate.function)
    # No later scan proposes it again, and nothing is left to part.
    assert not scanning.is_proposed(work, judgement.function)
    assert outline.part(work) is None


@pytest.mark.slow
def test_where_the_rest_is_not_the_same_program_all_is_as_it_was(tmp_path, monkeypatch):
    work, _ = refuted(tmp_path)
    before = dict(work.judgements)
    proved(monkeypatch, "it prints 2 lines, not 3")
    assert outline.part(work) is None
    assert work.base == () and work.parted == {}
    assert {name: work.judgements[name] for name in before} == before
    (left,) = [each for name, each in work.judgements.items() if name not in before]
    assert "it prints 2 lines, not 3" in left.reasons[0].message
    # It is not tried twice.
    assert outline.wanted(work) == []


@pytest.mark.slow
def test_where_the_line_of_an_effect_is_not_known_what_stands_beside_the_step_is_left_out(tmp_path, monkeypatch):
    proved(monkeypatch)
    work, judgement = refuted(tmp_path, 3)
    assert refuted_parts(work) == {"train:Agent.update": Refuted(frozenset())}
    assert outline.part(work) is not None
    assert b"        loss = self.train_step(x)\n        report(" in work.base[0].after
    # Of what is refuted otherwise nothing is known.
    work, judgement = refuted(tmp_path, 3)
    reason = Reason("differs", "the graph computes something different")
    work.add([replace(judgement, reasons=(reason,))])
    assert refuted_parts(work) == {}


def test_where_nothing_stands_beside_the_step_nothing_is_tried(tmp_path, monkeypatch):
    proved(monkeypatch)
    monkeypatch.setitem(globals(), "SCRIPT", SCRIPT.replace('        report("loss", loss)\n', ""))
    work, _ = refuted(tmp_path, 3)
    assert outline.part(work) is None
    assert work.parted == {}


def test_a_line_in_the_middle_of_the_step_leaves_nothing(tmp_path, monkeypatch):
    work, _ = refuted(tmp_path, LINE - 2)
    proved(monkeypatch)
    assert outline.part(work) is None
    assert work.parted == {}


@pytest.mark.slow
def test_nothing_is_tried_where_the_time_is_little_or_only_decorators_are_asked(tmp_path):
    work, _ = refuted(tmp_path, share_at_most=0.02)
    assert refuted_parts(work) == {}
    work, _ = refuted(tmp_path)
    work.timings["scan"] = work.left / 2
    assert outline.part(work) is None and work.parted == {}
    work, _ = refuted(tmp_path)
    work.options = Options(rewrite="decorate")
    assert outline.part(work) is None


def depending(work: Work, judgement: Judgement, code: str, verdict: Verdict, *others: Reason) -> None:
    """The check found that the update's trace depends on what it reads from Python."""
    said = f"a constant was baked in that changes: 0.4 then 0.45 (train.py:{READ}: `loss = tf.square(…)`)"
    work.add([replace(judgement, verdict=verdict, reasons=(Reason(code, said), *others))])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "verdict"), [("unstable", Verdict.REFUTED), ("state-changes", Verdict.INCONCLUSIVE)]
)
def test_a_function_whose_trace_depends_on_state_becomes_one_that_is_given_it(tmp_path, monkeypatch, code, verdict):
    proved(monkeypatch)
    work, judgement = refuted(tmp_path, READ, STATE)
    depending(work, judgement, code, verdict)
    assert refuted_parts(work) == {"train:Agent.update": Refuted(frozenset(), by_state=True)}
    assert outline.part(work) is not None
    text = work.base[0].after.decode()
    assert "    def train_step(self, x, beta):\n        with tf.GradientTape() as tape:\n" in text
    assert "        loss = self.train_step(x, self.beta)\n        return loss\n" in text
    assert work.judgements["train:Agent.update"].verdict is verdict
    (new,) = [each for each in work.judgements.values() if each.function.region is not None]
    assert new.verdict is Verdict.UNOBSERVED and scanning.is_proposed(work, new.function)


# Each leaves the state where it is read, so the function is left as it was judged, and nothing is run for it.
NOT_GIVEN = {
    # It is no number: the step would be given the list.
    "no number": ("self.beta = 0.4", "self.beta = [0.4]"),
    # It is read by what the step calls.
    "it is read in another function": (" * self.beta", " * self.weight()"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NOT_GIVEN)
def test_a_function_that_can_not_be_given_the_state_is_left(tmp_path, monkeypatch, name):
    started = list[Any]()
    monkeypatch.setattr(Comparison, "differs", lambda *args: started.append(args))
    old, new = NOT_GIVEN[name]
    source = STATE.replace(old, new) + "\n\ndef weight(self):\n    return self.beta\n\n\nAgent.weight = weight\n"
    work, judgement = refuted(tmp_path, READ, source)
    depending(work, judgement, "unstable", Verdict.REFUTED)
    before = dict(work.judgements)
    assert outline.part(work) is None
    assert started == [] and work.parted == {} and work.base == ()
    assert work.judgements == before


@pytest.mark.slow
def test_an_effect_beside_the_state_stays_out_of_the_function(tmp_path, monkeypatch):
    proved(monkeypatch)
    source = SCRIPT.replace("self.w * x)", "self.w * x) * self.beta").replace(
        "SGD(0.01)\n", "SGD(0.01)\n        self.beta = 0.4\n"
    )
    source += "    agent.beta *= 0.5\n"
    line = source.splitlines().index('        report("loss", loss)') + 1
    work, judgement = refuted(tmp_path, line, source)
    depending(work, judgement, "unstable", Verdict.REFUTED, *judgement.reasons)
    assert refuted_parts(work) == {"train:Agent.update": Refuted(frozenset({line}), by_state=True)}
    assert outline.part(work) is not None
    assert b"        loss = self.train_step(x, self.beta)\n        report(" in work.base[0].after
