"""Whether the project only reads the value of what a function returns, and before anything may write to it."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hybridize.static.facts.uses import Results, Uses

STEP = """
import numpy as np
import tensorflow as tf
v = tf.Variable(0)
def step(x):
    v.assign_add(1)
    return tf.reduce_sum(x), v
def other():
    v.assign_add(1)
x = tf.ones([2])
history = []
"""
IN_A_FUNCTION = "def run(n):\n    for i in range(n):\n        loss, it = step(x)\n"


@pytest.fixture
def read(script):
    """The parts of `step`'s result that are read by value alone, in a script that goes on so."""

    def _read(text: str, step: str = STEP) -> dict[str, str]:
        return dict(script(step + textwrap.dedent(text)).function("step").results_read)

    return _read


READINGS = {
    "int": "n = int(it)",
    "float": "n = float(it)",
    "numpy()": "n = it.numpy()",
    "asarray": "n = np.asarray(it)",
    "a comparison": "if it > 5:\n            other()",
    "arithmetic": "n = it + 1",
    "a remainder": "if it % 10 == 0:\n            history.append(float(loss))",
    "an op": "n = tf.cast(it, tf.float32)",
    "a converted number that is printed": "print(f'{int(it)}: {float(loss):.3f}')",
    "a converted number that is kept": "history.append(int(it))",
    "a sum": "n = 0\n        n += it",
    "nothing": "pass",
    "what is harmless before": "print('step', float(loss))\n        n = int(it)",
}


@pytest.mark.slow
@pytest.mark.parametrize("how", READINGS, ids=lambda how: how.replace(" ", "-"))
def test_a_value_is_read_by(how, read):
    assert "[1]" in read(IN_A_FUNCTION + f"        {READINGS[how]}\nrun(8)\n")


OTHER = {
    "an attribute": "C.last = it",
    "a list": "history.append(it)",
    "an item": "history[0] = it",
    "another name": "kept = it",
    "a return": "return it",
    "a yield": "yield it",
    "a project function": "other(it)",
    "an unknown function": "unknown(it)",
    "assign": "it.assign(0)",
    "is": "n = it is v",
    "isinstance": "n = isinstance(it, tf.Variable)",
    "in": "n = it in history",
    "a closure": "history.append(lambda: int(it))",
    "a list of it": "n = [it]",
    "a global": "global it\n        n = int(it)",
    "print": "print(it)",
    "an f-string": "n = f'{it}'",
    "format": "n = '{}'.format(it)",
    "percent": "n = 'step %s' % it",
    "str": "n = str(it)",
    "another call first": "other()\n        n = int(it)",
    "a second step first": "step(x)\n        n = int(it)",
    "a call in between, in one expression": "n = it + other()",
    "a call on one side first": "if i:\n            other()\n        n = int(it)",
    "an unknown call first": "unknown()\n        n = int(it)",
    "an unknown loop first": "for _ in unknown:\n            pass\n        n = int(it)",
    "an augmented assignment later": "other()\n        it += 1",
    "del": "del it",
    "int that is another": "int = print\n        n = int(it)",
}


@pytest.mark.slow
@pytest.mark.parametrize("how", OTHER, ids=lambda how: how.replace(" ", "-"))
def test_a_value_is_not_all_that_is_used_by(how, read):
    assert "[1]" not in read(IN_A_FUNCTION + f"        {OTHER[how]}\nrun(8)\n")


LATER = {
    "after the loop": IN_A_FUNCTION + "    print(int(it))\nrun(8)\n",
    "in the next round": "it = v\nfor i in range(8):\n    print(int(it))\n    loss, it = step(x)\n",
    "in a global function": "loss, it = step(x)\ndef show():\n    print(int(it))\nother()\nshow()\n",
    "behind another step": "loss, it = step(x)\nloss, it2 = step(x)\nprint(int(it))\n",
}


@pytest.mark.parametrize("when", LATER, ids=lambda when: when.replace(" ", "-"))
def test_what_is_read_later_may_have_been_written_to_in_between(when, read):
    assert "[1]" not in read(LATER[when])


def test_each_reading_behind_its_own_call_counts(read):
    assert "[1]" in read("loss, it = step(x)\nprint(int(it))\nloss, it = step(x)\nprint(int(it))\n")


def test_the_whole_result_may_be_read_in_the_call_s_own_expression(read):
    step = STEP.replace("return tf.reduce_sum(x), v", "return v")
    assert list(read("for i in range(8):\n    print(int(step(x)))\n", step)) == [""]
    assert not read("for i in range(8):\n    n = step(x) + other()\n", step)
    assert not read("pair = step(x), step(x)\n", step)


def test_one_call_that_does_otherwise_decides(read):
    assert "[1]" not in read("loss, it = step(x)\nn = int(it)\nloss, it2 = step(x)\nhistory.append(it2)\n")


UNKNOWN = {
    "it is handed on": "f = step\nloss, it = f(x)\n",
    "it is a callback": "history.append(step)\nloss, it = step(x)\n",
    "it is found by its name": "loss, it = globals()['st' + 'ep'](x)\n",
    "it is called by nobody": "",
    "properties compute": "class C:\n    def __getattr__(self, name):\n        other()\nloss, it = step(x)\n",
}


@pytest.mark.parametrize("why", UNKNOWN, ids=lambda why: why.replace(" ", "-"))
def test_where_calls_are_not_known_nothing_is(why, read):
    assert not read(UNKNOWN[why])


def test_a_method_of_a_class_that_a_library_knows_may_be_called_by_it(script):
    text = STEP + (
        "class T(tf.keras.Model):\n    def train(self, x):\n        return tf.abs(x), v\n"
        "t = T()\nfor i in range(3):\n    loss, it = t.train(x)\n    n = int(it)\n"
    )
    assert not script(text).function("T.train").results_read
    assert "[1]" in dict(script(text.replace("(tf.keras.Model)", "")).function("T.train").results_read)


def test_a_reading_in_another_module_counts(project):
    project.write("steps.py", STEP)
    project.write("train.py", "from steps import step, x\nloss, it = step(x)\nn = int(it)\n")
    assert dict(project.function("steps:step").results_read)["[1]"] == "train.py:2"
    project.write("more.py", "import steps\nloss, it = steps.step(steps.x)\nkept = [it]\n")
    assert "[1]" not in dict(project.function("steps:step").results_read)


def test_a_file_that_cannot_be_read_may_use_it_in_any_way(project):
    project.write("train.py", STEP + "loss, it = step(x)\nn = int(it)\n")
    assert project.function("step").results_read
    project.write("broken.py", "def f(:\n")
    assert not project.function("step").results_read


def test_the_first_use_that_is_no_reading_is_named():
    class Step:
        name, kind, decorators, is_generator, is_async, owner_class = "step", "function", (), False, False, None

    tree = ast.parse("def step(x):\n    return x\nit = step(1)\nkept = [it]\n")
    results = Results()
    results.add("train.py", tree)
    assert results.uses(Step()) == Uses(other="train.py:4")  # type: ignore[arg-type]
