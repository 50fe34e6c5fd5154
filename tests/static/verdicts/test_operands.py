"""What the operators of a step receive, and what its call passes for it."""

from __future__ import annotations

import pytest

STEP = """
    import numpy as np

    weights = tf.Variable(tf.ones([3]))
    optimizer = tf.keras.optimizers.SGD(0.1)

    def learn(x, reward, done):
        with tf.GradientTape() as tape:
            value = tf.square(weights * x)
            target = {target}
            loss = tf.reduce_sum(tf.square(target - value))
        optimizer.apply_gradients([(tape.gradient(loss, weights), weights)])
        print(float(loss))

    for number in range(3):
        learn(tf.ones([3]), np.ones(3), np.zeros(3, dtype=bool))
"""


def given(script, target: str, more: str = "") -> list[str]:
    scan = script(STEP.format(target=target) + more).scan()
    (region,) = [each.region for each in scan.functions if each.region is not None]
    return [source for _, source in region.given]


TARGETS = {
    "value * (1 - done)": ["tf.convert_to_tensor(1 - done, tf.float32)"],
    "value * (1 - done) + reward": [
        "tf.convert_to_tensor(1 - done, tf.float32)",
        "tf.convert_to_tensor(reward, tf.float32)",
    ],
    "reward + 0.9 * value": ["tf.convert_to_tensor(reward, tf.float32)"],
    "0.5 * value": [],
    "tf.cast(reward, tf.float32) + value": [],
    # Elsewhere in the step it must stay what it is.
    "reward + value * tf.gather(value, tf.cast(reward, tf.int32))": [],
}


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_an_array_that_meets_a_tensor_is_passed_as_one(target, script):
    assert given(script, target) == TARGETS[target]


DOUBLES = ["x = tf.float64", "tf.keras.backend.set_floatx('float64')", "x = tf.Variable(1.0, dtype='float64')"]


@pytest.mark.slow
@pytest.mark.parametrize("doubles", DOUBLES)
def test_where_a_program_computes_with_float64_arrays_are_passed_as_they_are(doubles, script):
    assert given(script, "reward + 0.9 * value", f"\n    {doubles}\n") == []


def test_an_array_of_which_one_cannot_be_sure_is_passed_as_it_is(script):
    assert given(script, "reward + value", "\n    learn(tf.ones([3]), tf.ones([3]), None)\n") == []
