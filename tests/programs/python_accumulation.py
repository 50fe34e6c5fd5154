"""Gradients are collected in a list on self and applied at every fourth call: in a graph, at none."""
# truth: unsafe Trainer.train_step early-return
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self, every):
        self.every = every
        self.pending = []
        self.w = tf.Variable(tf.zeros([3, 1]))

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.pending.append(tape.gradient(loss, self.w))
        if len(self.pending) == self.every:
            self.w.assign_sub(0.1 * tf.add_n(self.pending) / self.every)
            self.pending = []
        return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer(every=4)
for i in range(32):
    loss = trainer.train_step(x, y)
    if i % 8 == 7:
        print(f"step {i + 1}: loss {float(loss):.5f}")
