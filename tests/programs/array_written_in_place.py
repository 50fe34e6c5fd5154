"""The step writes visit counts into a NumPy array that outlives it: a graph writes them once."""
# truth: unsafe Sampler.train_step lost-write
import numpy as np
import tensorflow as tf


class Sampler:
    def __init__(self, rows):
        self.visits = np.zeros(rows, np.int64)
        self.w = tf.Variable(tf.zeros([3, 1]))

    def train_step(self, x, y):
        self.visits[: x.shape[0]] += 1
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.w.assign_sub(0.2 * tape.gradient(loss, self.w))
        return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(4, 3)), tf.float32)
y = tf.constant(rng.normal(size=(4, 1)), tf.float32)
sampler = Sampler(rows=6)
for i in range(15):
    loss = sampler.train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
print("visits", sampler.visits)
