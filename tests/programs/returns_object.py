"""The step returns an object of a class of its own, which a graph cannot return."""
# truth: unsafe train_step result-type
from dataclasses import dataclass

import numpy as np
import tensorflow as tf


@dataclass
class StepResult:
    loss: tf.Tensor
    norm: tf.Tensor

    def describe(self):
        return f"loss {float(self.loss):.5f} norm {float(self.norm):.5f}"


rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return StepResult(loss, tf.norm(w))


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    result = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}:", result.describe())
