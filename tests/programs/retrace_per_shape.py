"""Batches of ever other lengths: each length is a trace of its own, right but slow."""
# truth: slow train_step retrace-shape
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.04 * tape.gradient(loss, w))
    return loss


for i in range(24):
    x = tf.constant(rng.normal(size=(5 + i, 3)), tf.float32)
    loss = train_step(x, tf.reduce_sum(x, axis=1, keepdims=True))
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
