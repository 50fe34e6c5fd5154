"""A context manager counts and restores Python state around the step's tensor code: once, while it is traced."""
# truth: unsafe Trainer.train_step lost-count
import contextlib

import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.w = tf.Variable(tf.zeros([3, 1]))
        self.entered = 0

    @contextlib.contextmanager
    def section(self):
        self.entered += 1
        yield

    def train_step(self, x, y):
        with self.section(), tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.w.assign_sub(0.05 * tape.gradient(loss, self.w))
        return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer()
for i in range(15):
    loss = trainer.train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f} sections {trainer.entered}")
