"""The step appends to a list on self, no tensor, only a row count: the list stops growing at one entry."""
# truth: unsafe Trainer.train_step lost-append
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.w = tf.Variable(tf.zeros([3, 1]))
        self.rows_seen = []

    def train_step(self, x, y):
        self.rows_seen.append(int(x.shape[0]))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.w.assign_sub(0.05 * tape.gradient(loss, self.w))
        return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer()
for i in range(18):
    loss = trainer.train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
print(f"{sum(trainer.rows_seen)} rows in {len(trainer.rows_seen)} batches")
