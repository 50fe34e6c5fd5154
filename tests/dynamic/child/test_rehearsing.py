"""Functions that a script calls once or a few times: proved by repeating their calls, and no unsafe one is."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from proving import Job, Outcome, Prover

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 3600

HEAD = """
import random
import numpy as np
import tensorflow as tf

weights = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
x = tf.constant([[1.0, 2.0]])
"""

#: What each program's function ``f`` is, how it is called, and what must be said of it. All come to their own end.
SAFE = {
    "reads_a_variable": """
def f(x):
    return tf.reduce_sum(tf.matmul(x, weights))

print(float(f(x)))
""",
    "integers": """
def f(i):
    return i * 2 + 1

print(int(f(tf.constant(3))))
""",
    "reads_nothing": """
def f():
    return tf.reduce_sum(tf.ones([3]) * 2.0)

print(float(f()))
""",
    "called_by_another_rare_one": """
def f(x):
    return tf.nn.relu(x)

def outer(x):
    return tf.reduce_sum(f(x)) + 1.0

print(float(outer(x)))
""",
    "several_calls_that_train": """
def f(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.matmul(x, weights) ** 2)
    weights.assign_sub(0.01 * tape.gradient(loss, weights))
    return loss

for _ in range(3):
    print(float(f(x)))
""",
    "builds_its_model_in_its_only_call": """
model = tf.keras.Sequential([tf.keras.layers.Dense(3, activation="relu"), tf.keras.layers.Dense(1)])
inputs = x

def f(inputs):
    return tf.reduce_sum(model(inputs))

model(inputs)
print(float(f(inputs)))
""",
    "draws_from_tf_random": """
def f(x):
    return tf.reduce_sum(x + tf.random.normal([2]))

tf.random.set_seed(1)
print(float(f(x)))
""",
}

UNSAFE = {
    "reads_what_changes_between_its_two_calls": (
        """
rate = 1.0

def f(x):
    return tf.reduce_sum(x * rate)

print(float(f(x)))
rate = 3.0
print(float(f(x)))
""",
        r"keeps a constant|something different",
    ),
    "appends_in_its_only_call": (
        """
seen = []

def f(x):
    seen.append(1)
    return tf.reduce_sum(x)

print(float(f(x)))
""",
        r"changes seen",
    ),
    "keeps_a_tensor_in_its_only_call": (
        """
kept = {}

def f(x):
    kept["last"] = x * 2.0
    return tf.reduce_sum(x)

print(float(f(x)), float(tf.reduce_sum(kept["last"])))
""",
        r"changes kept",
    ),
    "prints_in_its_only_call": (
        """
def f(x):
    print("summing")
    return tf.reduce_sum(x)

print(float(f(x)))
""",
        r"prints",
    ),
    "draws_from_numpy_in_its_only_call": (
        """
def f(x):
    return tf.reduce_sum(x * np.random.rand())

print(float(f(x)))
""",
        r"random numbers were drawn",
    ),
    "makes_a_variable_in_each_call": (
        """
def f(x):
    scale = tf.Variable(2.0)
    return tf.reduce_sum(x * scale)

print(float(f(x)))
""",
        r"creates variables",
    ),
    "gives_a_python_number": (
        """
def f(x):
    return float(tf.reduce_sum(x))

print(f(x))
""",
        r"raises|eagerly",
    ),
    "is_right_by_luck_for_its_one_input": (
        """
def f(x):
    try:
        scale = float(x.numpy()[0, 0])
    except (AttributeError, NotImplementedError):
        scale = 1.0
    return tf.reduce_sum(x * scale)

print(float(f(x)))
""",
        r"perturbed state",
    ),
    "loses_its_way_from_another_state": (
        """
def f(x):
    while x != 8.0:
        x = x + 1.0
    return x

print(float(f(tf.constant(1.0))))
""",
        r"too little evidence|given up",
    ),
}


def job(prover: Prover, name: str, source: str) -> Job:
    folder = prover.folder / "rehearsing" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.py").write_text(HEAD + source)
    return Job(folder, "train.py", forced=tuple(dict.fromkeys(re.findall(r"^def (\w+)", source, re.MULTILINE))))


def prepare(prover: Prover, parameters: dict[str, Any]) -> None:
    name = parameters.get("name")
    if name in SAFE:
        prover.prove(f"rehearsing-{name}", job(prover, name, SAFE[name]))
    elif name in UNSAFE:
        prover.prove(f"rehearsing-{name}", job(prover, name, UNSAFE[name][0]))


def ask(prover: Prover, name: str, source: str) -> Outcome:
    return prover.prove(f"rehearsing-{name}", job(prover, name, source)).result(PATIENCE_SECONDS)


@pytest.mark.parametrize("name", SAFE)
def test_few_calls_are_enough_where_they_are_all_there_are(prover: Prover, name: str) -> None:
    found = ask(prover, name, SAFE[name])
    assert found.verdicts["f"] == "confirmed", found.reason("f")
    assert re.search(r"from (1|\d+) real calls?, replayed \d+ times", found.reason("f"))


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_function_of_few_calls_is_not_confirmed(prover: Prover, name: str) -> None:
    source, said = UNSAFE[name]
    found = ask(prover, name, source)
    assert found.verdicts["f"] in ("refuted", "inconclusive")
    assert re.search(said, found.reason("f")), found.reason("f")


def test_moved_arguments_keep_dtype_shape_and_structure(tf: Any) -> None:
    from hybridize.dynamic.child.rehearsing import Move

    arguments = (
        [tf.constant([1.0, 2.0]), {"labels": np.array([3, 1, 2])}],
        tf.constant([True, False]),
        tf.ragged.constant([[1.0], [2.0, 3.0]]),
        "name",
        4,
    )
    moved = Move(1).arguments(arguments)
    tf.nest.assert_same_structure(arguments, moved, expand_composites=True)
    floats, labels, flags = moved[0][0], moved[0][1]["labels"], moved[1]
    assert floats.dtype == tf.float32 and floats.shape == (2,)
    assert np.all(floats != arguments[0][0]) and np.allclose(floats, arguments[0][0], rtol=0.11)
    assert sorted(labels) == [1, 2, 3] and list(labels) != [3, 1, 2]
    assert flags.numpy().tolist() == [False, True]
    assert moved[2].row_splits.numpy().tolist() == [0, 1, 3]
    assert moved[3:] == ("name", 4)


def test_every_other_move_leaves_integers_alone(tf: Any) -> None:
    from hybridize.dynamic.child.rehearsing import Move

    moved = Move(2).arguments((tf.constant([0, 4, 1]), tf.constant([1.0])))
    assert moved[0].numpy().tolist() == [0, 4, 1]
    assert moved[1].numpy() != 1.0


def test_one_tensor_given_twice_stays_one(tf: Any) -> None:
    from hybridize.dynamic.child.rehearsing import Move

    x = tf.constant([1.0])
    one, other = Move(1).arguments((x, x))
    assert one is other is not x


def test_zeros_stay_zeros_unless_there_is_nothing_else(tf: Any) -> None:
    from hybridize.dynamic.child.rehearsing import Move

    masked, empty = Move(1).arguments((tf.constant([0.0, 2.0]), tf.zeros([3])))
    assert masked.numpy()[0] == 0.0
    assert np.all(empty.numpy() > 0.0)


def test_objects_of_the_script_are_not_taken_apart(tf: Any) -> None:
    from hybridize.dynamic.child.rehearsing import Move

    class Buffer(list[Any]):
        def __init__(self, *items: Any) -> None:
            super().__init__(items)

    buffer = Buffer(tf.constant(1.0))
    assert Move(1).arguments((buffer,))[0] is buffer
