"""A doubt is not a refusal: a caller is never more certain than the line that its certainty rests on."""

from __future__ import annotations

import tempfile
import textwrap
from pathlib import Path

import pytest
from findings import certain_codes, codes_of
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridize.records import Action, Function
from hybridize.static import scan

HEADER = """
import sys
import numpy as np
import tensorflow as tf
import library

model = library.make()
seen = []
w = tf.Variable(1.0)

"""

#: What ``inner`` may do with its parameter; each line may be a hazard, and may be doubtful in itself.
LINES = (
    "a, b = x\nr = a",
    "a, b = model(x)\nr = a",
    "a, b = model(x), x\nr = a",
    "for e, f in zip(model(x), x):\n    r = e",
    "r = [e for e in model(x)]",
    "r = [e for e in x]",
    "r = np.sum(x)",
    "r = np.sum(model(x))",
    "r = np.sum([x, 1.0])",
    "r = np.sum(x[0])",
    "r = bool(x)",
    "r = bool(model(x))",
    "r = x.mean()",
    "r = model(x).numpy()",
    "r = x in model(x)",
    "x[0] = 1.0\nr = x",
    "y = model(x)\ny[0] = 1.0\nr = y",
    "x = model(x)\na, b = x\nr = a",
    "r = x * 2.0",
    "print(x)\nr = x",
    "seen.append(1)\nr = x",
)
GUARDS = ("", "if isinstance(x, list):", "if tf.is_tensor(x):", "if len(sys.argv) > 1:", "for _ in range(2):")
ARGUMENTS = ("w", "tf.ones([2])", "tf.Variable([1.0])", "[w, tf.ones([2])]", "3.0", "np.ones([2])", "model(1)")


@st.composite
def chains(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A function, one that hands its argument on, and calls of it; the last part is the calls, one a line."""
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=2))
    body = []
    if draw(st.booleans()):
        body.append("if isinstance(x, np.ndarray):\n    return x")
    for line in lines:
        guard = draw(st.sampled_from(GUARDS))
        body.append(f"{guard}\n{textwrap.indent(line, '    ')}" if guard else line)
    given = draw(st.sampled_from(("x", "model(x)", "x[0]", "x + 1.0")))
    text = f"def inner(x):\n    r = x\n{textwrap.indent(chr(10).join(body), '    ')}\n    return r\n\n"
    text += f"def middle(x):\n    return inner({given})\n\n"
    number = draw(st.integers(1, 3))
    callers = []
    for index in range(number):
        argument = draw(st.sampled_from(ARGUMENTS))
        callee = draw(st.sampled_from(("inner", "middle")))
        callers.append(f"def caller{index}():\n    return {callee}({argument})\n\ncaller{index}()\n")
    return text, callers


def _scan(text: str) -> dict[str, Function]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "train.py").write_text(HEADER + text)
        return {each.qualname: each for each in scan(Path(folder)).functions}


@settings(max_examples=60, deadline=None)
@given(chains())
def test_what_is_certain_in_a_caller_is_certain_in_the_callee_where_that_caller_is_the_only_one(drawn):
    text, callers = drawn
    found = _scan(text + "\n".join(callers))
    for index, caller in enumerate(callers):
        for finding in found[f"caller{index}"].findings:
            if finding.certain and len(finding.chain) > 1:
                alone = _scan(text + caller)["inner"]
                lines = {each.line for each in alone.findings if each.certain and each.code == finding.code}
                assert finding.chain[-1].line in lines, (finding, text, callers)


@pytest.mark.parametrize(
    "line",
    [
        "a, b = model(x)\n    return a + b",
        "pairs = zip(model(x), w)\n    return [a for a, b in pairs]",
        "return np.sum(model(x)) * x",
        "return tf.constant(bool(model(x)))",
        "return model(x).mean() * x",
    ],
)
def test_a_doubt_about_an_unknown_callees_result_stays_one_in_every_caller(line):
    text = f"def inner(x):\n    {line}\n\ndef outer(x):\n    return inner(x)\n\n"
    text += "for _ in range(3):\n    outer(tf.ones(3))\n"
    found = _scan(text)
    assert certain_codes(found["inner"]) <= {"HYB600"}
    assert found["outer"].proposal is Action.HYBRIDIZE
    assert codes_of(found["outer"]) >= codes_of(found["inner"])


def test_a_training_steps_gradients_may_be_zipped_by_a_callee():
    found = _scan(
        """
def update(x, tape, loss):
    for g, v in zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables):
        v.assign_sub(0.1 * g)

def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    update(x, tape, loss)
    return loss

for _ in range(3):
    step(tf.ones(3))
"""
    )
    assert found["step"].proposal is Action.HYBRIDIZE


def test_a_helper_that_is_given_a_list_by_one_and_a_tensor_by_another_refuses_neither_for_the_others_sake():
    text = "def inner(x):\n    a, b = x\n    return a + b\n\ndef fine(x):\n    return inner([x, x])\n\n"
    text += "def broken(x):\n    return inner(x)\n\nfine(tf.ones(2))\nbroken(tf.ones(2))\n"
    found = _scan(text)
    assert "HYB204" not in certain_codes(found["fine"])
    assert "HYB204" in certain_codes(found["broken"])
