"""Training steps that are no function yet: made one, proved to be the same program, converted and measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.parent import cold
from hybridize.dynamic.parent.outlines import Comparison
from hybridize.dynamic.parent.runs import Run
from hybridize.options import Options
from hybridize.records import Action, Edit, EditedFile, Judgement, Scan, Target, Verdict
from hybridize.rewrite import edit_project
from hybridize.run import pipeline
from hybridize.run.stages import outline
from hybridize.run.work import Work
from hybridize.sandbox.parent.nursery import Nursery
from hybridize.static import scan

# A step in each place: at the top of the script, in a function with a print in its tape, in a method that samples.
SCRIPT = """
import random

import numpy as np
import tensorflow as tf

random.seed(1)
w = tf.Variable(tf.ones([8, 4]))
optimizer = tf.keras.optimizers.SGD(0.01)
data = tf.data.Dataset.from_tensor_slices(tf.reshape(tf.range(96.0), [12, 8]) / 96.0).batch(2)

for x in data:
    x = tf.nn.dropout(x, 0.5)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(x @ w - 1.0))
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
print("module", float(loss), float(tf.reduce_sum(x)))


def main():
    v = tf.Variable(tf.ones([8, 2]))
    for number, x in enumerate(data):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(x @ v))
            print("loss %d: %.5f" % (number, loss.numpy()))
        gradient = tape.gradient(loss, v)
        v.assign_sub(0.1 * gradient)
    return v


class Agent:
    def __init__(self):
        self.u = tf.Variable(tf.ones([4, 1]))
        self.optimizer = tf.keras.optimizers.SGD(0.01)
        self.memory, self.losses = [], []

    def learn(self):
        if len(self.memory) < 4:
            return
        batch = np.stack(random.sample(self.memory, 4))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(batch @ self.u))
        self.optimizer.apply_gradients([(tape.gradient(loss, self.u), self.u)])
        self.losses.append(float(loss))


main()
agent = Agent()
for step in range(12):
    agent.memory.append(np.full([4], step / 12, dtype="float32"))
    agent.learn()
print(len(agent.losses), agent.losses[-1])
"""


class Silence:
    """A watcher that nobody looks at."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


def project(
    folder: Path, nursery: Nursery | None = None, script: str = SCRIPT
) -> tuple[Run, Scan, list[Edit]]:
    (folder / "train.py").write_text(script)
    found = scan(folder, folder / "train.py")
    target = Target(str(folder), str(folder), str(folder / "train.py"), seed=0)
    edits = [
        Edit(f.id, f.file, f.line, f.qualname, Action.EXTRACT, region=f.region)
        for f in found.functions
        if f.region is not None
    ]
    return Run(target, found, folder / "logs", nursery=nursery), found, edits


@pytest.mark.slow
def test_an_outlined_script_is_the_same_program_to_the_operation_and_another_one_is_not(
    tmp_path: Path, seeded_nursery: Nursery
) -> None:
    run, _, edits = project(tmp_path, seeded_nursery)
    assert [edit.region.name for edit in edits if edit.region] == ["train_step", "train_on_batch", "update_weights"]
    files, refused = edit_project(tmp_path, edits)
    assert not refused
    compared = Comparison(run)
    assert compared.differs(files, 120.0) == ""
    assert all(compared.reached(edit.candidate) for edit in edits)
    assert compared.outlined is not None and compared.outlined.report["operations"] > 500
    # Whatever an outline could do otherwise is seen: an operation, a value, a line.
    more = changed(files[0], b"x @ w - 1.0", b"x @ w - 1.0 + 0.0")
    assert "different operations" in compared.differs([more], 120.0)
    other = changed(files[0], b"SGD(0.01)\ndata", b"SGD(0.02)\ndata")
    assert "variables have different values" in compared.differs([other], 120.0)
    silent = changed(files[0], b'print("module"', b'("module"')
    assert "lines" in compared.differs([silent], 120.0)


LATE = """
import time
import tensorflow as tf

w = tf.Variable([[1.0], [2.0]])
optimizer = tf.keras.optimizers.SGD(0.01)
memory = []
while True:
    memory.append(tf.reduce_sum(w * 2.0))
    time.sleep(0.005)
    if len(memory) > 1600:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.ones([4, 2]) @ w))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
"""


@pytest.mark.slow
def test_a_step_that_comes_late_is_waited_for(tmp_path: Path, seeded_nursery: Nursery) -> None:
    """A replay buffer is filled first, which takes longer than a comparison needs."""
    run, _, edits = project(tmp_path, seeded_nursery, LATE)
    files, _ = edit_project(tmp_path, edits)
    (step,) = (edit.candidate for edit in edits)
    for awaited in ((), (step,)):
        compared = Comparison(run)
        assert compared.differs(files, 6.0, 120.0, awaited) == ""
        assert compared.reached(step) == bool(awaited)


AHEAD = """
import numpy as np
import tensorflow as tf

w, old = tf.Variable([[1.0], [2.0]]), tf.Variable([[0.5], [1.5]])
optimizer = tf.keras.optimizers.SGD(0.01)
generator = np.random.default_rng(0)
for step in range(120):
    x = tf.constant(generator.normal(size=(4, 2)).astype("float32"))
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(x @ w, axis=1)
        target = tf.reduce_max(tf.tanh(x @ old), axis=1)
        best = np.amax(target)
        loss = tf.reduce_mean(tf.square(best - value))
    gradient = tape.gradient(loss, w)
    optimizer.apply_gradients([(gradient, w)])
print(float(tf.reduce_sum(w)))
"""


@pytest.mark.slow
def test_statements_that_run_before_a_step_take_their_operations_along(
    tmp_path: Path, seeded_nursery: Nursery
) -> None:
    run, _, edits = project(tmp_path, seeded_nursery, AHEAD)
    files, refused = edit_project(tmp_path, edits)
    assert not refused and all(edit.region and edit.region.ahead for edit in edits)
    assert "different operations" in Comparison(run).differs(files, 60.0)
    compared = Comparison(run)
    assert compared.differs(files, 60.0, may_reorder=True) == "" and compared.reordered
    wrong = changed(files[0], b"x @ old", b"x @ w")
    assert compared.differs([wrong], 60.0, may_reorder=True) != ""


ARRAYS = """
import numpy as np
import tensorflow as tf

w, optimizer = tf.Variable([[1.0], [2.0]]), tf.keras.optimizers.SGD(0.01)
states, rewards, ends = np.ones((8, 2), np.float32), np.arange(8) * 0.5, np.arange(8) % 3 == 0
for step in range(120):
    x, reward, end = states, rewards, ends
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(x @ w, axis=1)
        target = reward + 0.9 * tf.tanh(value) * (1 - end)
        loss = tf.reduce_mean(tf.square(target - value))
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
print(float(tf.reduce_sum(w)))
"""


@pytest.mark.slow
def test_an_array_that_meets_a_tensor_becomes_the_tensor_that_eager_code_makes_of_it(
    tmp_path: Path, seeded_nursery: Nursery
) -> None:
    run, _, edits = project(tmp_path, seeded_nursery, ARRAYS)
    (edit,) = edits
    assert edit.region is not None
    given = {source for _, source in edit.region.given}
    assert given == {f"tf.convert_to_tensor({source}, tf.float32)" for source in ("x", "reward", "1 - end")}
    files, _ = edit_project(tmp_path, edits)
    assert Comparison(run).differs(files, 60.0) == ""
    wrong = changed(files[0], b"1 - end, ", b"1 + end, ")
    assert Comparison(run).differs([wrong], 60.0) != ""


def changed(edited: EditedFile, old: bytes, new: bytes) -> EditedFile:
    assert edited.after.count(old) == 1
    return replace(edited, after=edited.after.replace(old, new))


@pytest.mark.slow
def test_a_unit_is_counted_in_the_original_where_it_is_no_function(tmp_path: Path, seeded_nursery: Nursery) -> None:
    run, found, edits = project(tmp_path, seeded_nursery)
    functions = {f.id: f for f in found.functions}
    (agent,) = [edit for edit in edits if "Agent" in edit.candidate]
    (module,) = [edit for edit in edits if "<module>" in edit.candidate]
    files, _ = edit_project(tmp_path, [agent, module])
    unit, reach = (cold.Unit.of(functions[edit.candidate]) for edit in (agent, module))
    arms = [cold.Arm("eager"), cold.Arm("outlined", files)]
    seen = cold.replay(run, unit, arms, 120.0, 100, [reach])
    eager, other = seen["eager"], seen["outlined"]
    assert eager.role_errors == other.role_errors == ()
    assert eager.outcome.error is None, eager.outcome
    assert eager.report["units"] == other.report["units"] == 9
    assert eager.report["reached"] == other.report["reached"] == {module.candidate: 6}
    # The method stores its loss, so that comes out; the original's statements give the same.
    assert len(eager.report["scalars"][0]) == 1 and eager.report["scalars"] == other.report["scalars"]
    assert eager.report["last"] == other.report["last"]
    assert eager.outcome.lines == other.outcome.lines


ACTS = """
import random
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(4)
model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(3)])

def act(state):
    if random.random() < 0.2:
        return 0
    return int(np.argmax(model(np.array([state], np.float32))[0]))

actions = [0]
for step in range(30):
    actions.append(act([np.sin(step), actions[-1] / 3]))
print(actions)
"""


@pytest.mark.slow
def test_a_pass_in_the_middle_of_a_statement_is_the_unit_where_it_stands(
    tmp_path: Path, seeded_nursery: Nursery
) -> None:
    run, found, edits = project(tmp_path, seeded_nursery, ACTS)
    (edit,) = edits
    assert edit.region is not None and edit.region.expression == "model(np.array([state], np.float32))[0]"
    files, _ = edit_project(tmp_path, [edit])
    assert Comparison(run).differs(files, 60.0) == ""
    unit = cold.Unit.of(next(each for each in found.functions if each.id == edit.candidate))
    seen = cold.replay(run, unit, [cold.Arm("eager"), cold.Arm("outlined", files)], 120.0, 100, [])
    eager, other = seen["eager"], seen["outlined"]
    assert eager.role_errors == other.role_errors == ()
    assert eager.outcome.error is None, eager.outcome
    assert eager.report["units"] == other.report["units"] > 15
    assert eager.report["scalars"] == other.report["scalars"] and eager.outcome.lines == other.outcome.lines


@pytest.mark.slow
def test_with_decorate_no_statements_are_touched(tmp_path: Path) -> None:
    run, found, _ = project(tmp_path)
    for rewrite, number in (("decorate", 0), ("outline", 3)):
        work = Work(Options(rewrite=rewrite), Silence(), run.target, tmp_path)  # type: ignore[arg-type]
        work.add([judgement(function) for function in found.functions])
        assert len(outline.wanted(work)) == number
    work = Work(Options(skip=("train:main@23-27",)), Silence(), run.target, tmp_path)  # type: ignore[arg-type]
    work.add([judgement(function) for function in found.functions])
    assert [j.function.qualname for j in outline.wanted(work)] == ["<module>", "Agent.learn"]


def judgement(function: Any) -> Any:
    return Judgement(function, Verdict.NOT_PROPOSED, ())


@pytest.mark.slow
def test_what_is_not_proved_is_left_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, found, edits = project(tmp_path)
    said = "it prints 2 lines, not 3"

    def differs(self: Comparison, files: Any, *_times: Any, **_options: Any) -> str:
        self.outlined = SimpleNamespace(report={"operations": 5})  # type: ignore[assignment]
        names = [name for edited in files for name in edited.outlined]
        return "" if names == [edits[0].candidate] else said

    monkeypatch.setattr(Comparison, "differs", differs)
    monkeypatch.setattr(Comparison, "reached", lambda self, candidate: True)
    work = Work(Options(), Silence(), run.target, tmp_path)  # type: ignore[arg-type]
    work.add([judgement(function) for function in found.functions])
    assert outline.run(work, found)
    assert [edit.candidate for edit in work.outlines] == [edits[0].candidate]
    assert [list(edited.outlined) for edited in work.base] == [[edits[0].candidate]]
    outline.tell(work)
    (told,) = work.judgements[edits[0].candidate].reasons
    assert "train_step, and still eager, it is the same program: 5 operations compared" in told.message
    for edit in edits[1:]:
        (reason,) = work.judgements[edit.candidate].reasons
        assert "a different program: it prints 2 lines, not 3" in reason.message
        assert work.left_alone[edit.candidate] == reason


MODULE = """
import tensorflow as tf

images = tf.random.stateless_normal([256, 16], [1, 2])
targets = tf.reduce_sum(images, axis=1, keepdims=True)
data = tf.data.Dataset.from_tensor_slices((images, targets)).batch(32)
layers = [tf.keras.layers.Dense(32, activation="tanh") for _ in range(3)]
model = tf.keras.Sequential([*layers, tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.Adam(0.01)
for epoch in range(40):
    for x, y in data:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x) - y))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    print(epoch, f"{float(loss):.4f}")
"""
MAIN = "\n".join(
    ["import tensorflow as tf", "", "", "def main():", *("    " + line for line in MODULE.splitlines()[3:])]
)
MAIN += "\n\n\nmain()\n"


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timed
@pytest.mark.parametrize("source", [MODULE, MAIN], ids=["module", "main"])
def test_a_step_in_a_loop_is_lifted_proved_and_faster(source: str, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "train.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    report = pipeline.run(Options(script=Path("train.py"), budget_seconds=420.0), Silence())  # type: ignore[arg-type]
    assert report.status == "optimized", report.message
    (judged,) = [each for each in report.judgements if each.selected]
    assert judged.verdict is Verdict.CONFIRMED and judged.function.region is not None
    assert report.benchmark is not None and report.benchmark.verdict == "faster"
    assert report.drift is not None and report.drift.verdict == "none"
    (edited,) = report.plan.files
    assert edited.before == source.encode() and b"@tf.function\ndef train_step(" in edited.after
    assert (tmp_path / "train.py").read_text() == source


# What a step reads of Python changes every 80th step, and the method is all of it; or in each step, and it is a part.
STATE = """
import tensorflow as tf


class Agent:
    def __init__(self):
        layers = [tf.keras.layers.Dense(32, activation="tanh") for _ in range(3)]
        self.model = tf.keras.Sequential([tf.keras.Input([16]), *layers, tf.keras.layers.Dense(1)])
        self.optimizer = tf.keras.optimizers.SGD(0.01)
        self.beta, self.steps = 0.4, 0

    def learn(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.model(x) - y)) * self.beta
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables))
        return loss

    def anneal(self):
        self.steps += 1
        if self.steps % 80 == 0:
            self.beta = min(1.0, self.beta + 0.05)


images = tf.random.stateless_normal([256, 16], [1, 2])
targets = tf.reduce_sum(images, axis=1, keepdims=True)
data = tf.data.Dataset.from_tensor_slices((images, targets)).batch(32)
agent = Agent()
for epoch in range(40):
    for x, y in data:
        loss = agent.learn(x, y)
        agent.anneal()
    print(epoch, f"{float(loss):.4f} {agent.beta:.2f}")
"""
EACH = STATE.replace("        return loss\n", "        self.beta = self.beta * 0.999\n        return loss\n").replace(
    "self.beta = min(1.0, self.beta + 0.05)", "pass"
)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timed
@pytest.mark.parametrize("source", [STATE, EACH], ids=["now and then", "each step"])
def test_a_number_that_changes_is_passed_to_the_step(source: str, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "train.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    report = pipeline.run(Options(script=Path("train.py"), budget_seconds=420.0), Silence())  # type: ignore[arg-type]
    assert report.status == "optimized", report.message
    (judged,) = [each for each in report.judgements if each.selected]
    assert judged.verdict is Verdict.CONFIRMED and judged.function.region is not None
    assert judged.function.region.given == (("beta", "self.beta"),)
    assert report.benchmark is not None and report.benchmark.verdict == "faster"
    (edited,) = report.plan.files
    after = edited.after.decode()
    assert "    def train_step(self, x, y, beta):\n" in after and "= self.train_step(x, y, self.beta)\n" in after
    # One trace for each of a few values, or one trace that takes the number as a tensor.
    assert ("input_signature=[" in after) == (source is EACH)
