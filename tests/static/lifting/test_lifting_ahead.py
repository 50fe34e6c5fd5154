"""NumPy inside a step: what does not need the step's own values runs before it, and nothing else does."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hybridize.records import Region
from hybridize.static.lifting.choosing import choose
from hybridize.static.lifting.reading import Unliftable

TAPE = """
with tf.GradientTape() as tape:
    value = model(x)
    {inner}
    loss = tf.reduce_sum(value * {used})
{between}
optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
"""


def chosen(inner: str, used: str = "y", between: str = "pass") -> Region | Unliftable:
    """What is chosen of a step with ``inner`` in its tape; its loss reads ``used``."""
    inner = textwrap.indent(textwrap.dedent(inner), "    ").strip()
    step = TAPE.format(inner=inner, used=used, between=between)
    head = "import numpy as np\nimport tensorflow as tf\ndef f(data, model, old, optimizer, weights, done, rows):\n"
    text = head + "    for x in data:\n" + textwrap.indent(step, " " * 8) + "        print(loss)\n"
    first = text.splitlines().index("        with tf.GradientTape() as tape:") + 1
    last = next(n for n, line in enumerate(text.splitlines(), 1) if "apply_gradients(zip" in line)
    return choose(ast.parse(text), "a.py", 3, first, last, None, trains=True)


def given(found: Region | Unliftable) -> list[str]:
    """What the call passes beside names."""
    assert isinstance(found, Region), found
    return [source for _, source in found.given]


VALUES = {
    "of an argument": ("y = tf.cast(np.float32(done), tf.float32)", "np.float32(done)"),
    "of an attribute": ("y = tf.tanh(np.array(model.rows))", "np.array(model.rows)"),
    "with a method on it": ("y = tf.tanh(np.array(rows).astype('float32'))", "np.array(rows).astype('float32')"),
    "in another": ("y = tf.tanh(np.mean(np.array(rows), axis=0))", "np.mean(np.array(rows), axis=0)"),
    "in an augmented assignment": ("y = tf.tanh(x)\ny *= np.float32(done)", "np.float32(done)"),
    "a number that is drawn": (
        "y = tf.tanh(np.random.normal(scale=0.2))",
        "tf.convert_to_tensor(np.random.normal(scale=0.2))",
    ),
    "numbers that are drawn": ("y = tf.tanh(np.random.normal(size=3))", "np.random.normal(size=3)"),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", VALUES)
def test_a_value_that_needs_nothing_of_the_step_is_passed(how: str) -> None:
    inner, source = VALUES[how]
    assert given(chosen(inner)) == [source]


def test_a_value_that_is_read_twice_is_passed_once() -> None:
    inner = "y = tf.tanh(np.float32(done)) + np.float32(done)"
    assert given(chosen(inner)) == ["np.float32(done)"]


STATEMENTS = {
    # The statements that go before the call, counted from the one in the place of ``inner``.
    "a target": ("target = old(x)\nbest = np.amax(target, axis=1)\ny = 0.9 * best", [0, 1]),
    "a loop over the target": ("y = np.array(old(x))\nfor i in range(3):\n    y[i] = rows[i]", [0, 1]),
    "under a condition": ("y = old(x)\nif done:\n    y = np.array(y)", [0, 1]),
    "a whole value": ("y = np.array(rows)", [0]),
    "what is evaluated only sometimes": ("y = tf.tanh(np.random.normal()) if done else x", [0]),
    "what is evaluated for each item": ("y = [tf.tanh(np.random.normal()) for _ in rows]", [0]),
    "two draws": ("y = tf.tanh(np.random.normal()) + np.random.normal()", [0]),
    "a tensor's value": ("y = old(x).numpy()", [0]),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", STATEMENTS)
def test_what_numpy_needs_goes_before_the_call(how: str) -> None:
    inner, ahead = STATEMENTS[how]
    found = chosen(inner)
    assert isinstance(found, Region), found
    begun = [found.first + 2 + number for number in ahead]
    assert [first for first, _ in found.ahead] == begun
    assert "y" in found.parameters or "best" in found.parameters


LEFT = {
    "it needs the step's own value": "y = np.array(value)",
    "it needs the tape": "y = np.array(tape.gradient(value, weights))",
    "a variable is changed before it": "old.assign(x)\ny = np.array(old(x))",
    "a variable that it may read is changed before it": "old.assign(x)\ny = tf.tanh(np.float32(old))",
    "it prints": "y = np.array(rows)\nprint(np.sum(y * value))",
    "it reads the clock": "y = tf.tanh(time.time())",
    "the tape would no longer record a tensor": "z = model(x)\nwanted = np.amax(z)\ny = z - wanted",
    "its name is read before": "z = rows + 1.0\nrows = np.array(value)\ny = rows",
    "it leaves the loop": "y = np.array(rows)\nif np.sum(y) > 1:\n    break",
}


@pytest.mark.parametrize("how", LEFT)
def test_left_is_a_step_where(how: str) -> None:
    found = chosen(LEFT[how])
    # A value that only becomes an argument after a name is bound again would not be the same.
    assert isinstance(found, Unliftable), found


def test_without_training_nothing_goes_ahead() -> None:
    text = "import numpy as np\nfor x in data:\n    y = model(x)\n    z = tf.tanh(np.float32(done)) * y\n"
    assert isinstance(choose(ast.parse(text), "a.py", 0, 3, 4, None, trains=False), Unliftable)
