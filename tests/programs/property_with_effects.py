"""A property counts its own reads and decays with them: in a graph it is read once, at the trace."""
# truth: unsafe Trainer.train_step step-counter
# truth: unsafe Trainer.noise_scale step-counter
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.reads = 0
        self.w = tf.Variable(tf.ones([3, 1]))

    @property
    def noise_scale(self):
        self.reads += 1
        return tf.constant(1.0 / self.reads)

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2) * self.noise_scale
        self.w.assign_sub(0.05 * tape.gradient(loss, self.w))
        return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer()
for i in range(18):
    loss = trainer.train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f} after {trainer.reads} reads")
