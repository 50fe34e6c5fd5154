"""A method draws from an np.random.Generator that the object holds: the draws are frozen in the trace."""
# truth: unsafe Denoiser.train_step frozen-random
import numpy as np
import tensorflow as tf


class Denoiser:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.w = tf.Variable(tf.eye(4) * 0.1)

    def corrupt(self, x):
        return x + 0.3 * self.rng.standard_normal(x.shape).astype("float32")

    def train_step(self, x):
        noisy = self.corrupt(x)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((noisy @ self.w - x) ** 2)
        self.w.assign_sub(0.3 * tape.gradient(loss, self.w))
        return loss


denoiser = Denoiser(seed=1)
clean = tf.constant(np.random.default_rng(0).normal(size=(8, 4)), tf.float32)
for i in range(20):
    loss = denoiser.train_step(clean)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
