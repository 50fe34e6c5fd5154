"""A class attribute counts the updates of all instances and serves as their schedule: it freezes at the trace."""
# truth: unsafe Learner.update step-counter
import numpy as np
import tensorflow as tf


class Learner:
    updates = 0

    def __init__(self, scale):
        self.w = tf.Variable(tf.fill([3, 1], scale))

    def update(self, x, y):
        Learner.updates += 1
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.w.assign_sub(tape.gradient(loss, self.w) / (3.0 + Learner.updates))
        return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
learners = [Learner(0.5), Learner(-0.5)]
for i in range(12):
    losses = [learner.update(x, y) for learner in learners]
    if i % 4 == 3:
        print(f"round {i + 1}: losses", " ".join(f"{float(loss):.5f}" for loss in losses))
