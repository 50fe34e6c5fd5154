"""The step stores its last loss on self, and a report reads it later: there a graph's tensor is out of scope."""
# truth: unsafe Trainer.train_step tensor-leak
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.w = tf.Variable(tf.zeros([3, 1]))
        self.last_loss = tf.constant(0.0)

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.w.assign_sub(0.05 * tape.gradient(loss, self.w))
        self.last_loss = loss
        return tf.norm(self.w)

    def report(self, i):
        print(f"step {i}: loss {float(self.last_loss):.5f}")


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer()
for i in range(24):
    norm = trainer.train_step(x, y)
    if i % 12 == 11:
        trainer.report(i + 1)
print(f"weight norm {float(norm):.5f}")
