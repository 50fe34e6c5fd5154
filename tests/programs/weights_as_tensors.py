"""Weights are plain tensors that each step replaces on self: a graph starts from the first weights each time.

What it stores on self are symbolic tensors, so the first eager look at the weights fails.
"""
# truth: unsafe Model.train_step tensor-leak
import numpy as np
import tensorflow as tf


class Model:
    def __init__(self):
        self.w = tf.zeros([3, 1])
        self.b = tf.zeros([1])

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            tape.watch([self.w, self.b])
            loss = tf.reduce_mean((x @ self.w + self.b - y) ** 2)
        gradient_w, gradient_b = tape.gradient(loss, [self.w, self.b])
        self.w = self.w - 0.05 * gradient_w
        self.b = self.b - 0.05 * gradient_b
        return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
model = Model()
for i in range(24):
    loss = model.train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
print(f"weight norm {float(tf.norm(model.w)):.5f}")
