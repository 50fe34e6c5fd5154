"""A callback patches a method of the running trainer: the graph goes on calling the method of its trace."""
# truth: unsafe Trainer.train_step late-state
import types

import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.w = tf.Variable(tf.zeros([3, 1]))

    def penalty(self):
        return 0.0

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2) + self.penalty()
        self.w.assign_sub(0.04 * tape.gradient(loss, self.w))
        return loss


def on_plateau(trainer):
    trainer.penalty = types.MethodType(lambda self: 0.3 * tf.reduce_sum(self.w**2), trainer)


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer()
for i in range(28):
    if i == 22:
        on_plateau(trainer)
    loss = trainer.train_step(x, y)
    if i % 7 == 6:
        print(f"step {i + 1}: loss {float(loss):.5f}")
