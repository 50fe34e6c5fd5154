"""Evaluation comes once in an epoch, and its first call keeps a tensor: a trap that only a cold start has."""

import numpy as np
import tensorflow as tf

weights = tf.Variable(tf.zeros([3, 1]))
generator = np.random.default_rng(0)
held_out = tf.constant(generator.normal(size=(16, 3)), tf.float32)


class Evaluation:
    def __init__(self):
        self.start = None

    def improvement(self, x):
        error = tf.reduce_mean((x @ weights - 1.0) ** 2)
        if self.start is None:
            self.start = error
        return self.start - error


def train_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weights - 1.0) ** 2)
    weights.assign_sub(0.01 * tape.gradient(loss, weights))
    return loss


evaluation = Evaluation()
for epoch in range(10):
    for _ in range(80):
        loss = train_step(tf.constant(generator.normal(size=(8, 3)), tf.float32))
    print(f"epoch {epoch}: loss {float(loss):.5f} gained {float(evaluation.improvement(held_out)):.5f}")
