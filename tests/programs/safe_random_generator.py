"""A tf.random.Generator keeps its state in a variable: eager and graph draw the same numbers by themselves."""
# truth: safe Denoiser.train_step
import numpy as np
import tensorflow as tf


class Denoiser:
    def __init__(self, seed):
        self.generator = tf.random.Generator.from_seed(seed)
        self.w = tf.Variable(0.1 * tf.eye(4))

    def train_step(self, x):
        noisy = x + 0.3 * self.generator.normal(tf.shape(x))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((noisy @ self.w - x) ** 2)
        self.w.assign_sub(0.3 * tape.gradient(loss, self.w))
        return loss


denoiser = Denoiser(seed=7)
x = tf.constant(np.random.default_rng(0).normal(size=(16, 4)), tf.float32)
for i in range(24):
    loss = denoiser.train_step(x)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
