"""Keyword-only and default arguments, one of them a Python bool with two values: two traces, no more."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y, *, weights=None, rate=0.2, robust=False):
    with tf.GradientTape() as tape:
        error = tf.abs(x @ w - y)
        loss = error if robust else error**2
        if weights is not None:
            loss = loss * weights
        loss = tf.reduce_mean(loss)
    w.assign_sub(rate * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
weights = tf.constant(rng.uniform(size=(16, 1)), tf.float32)
for i in range(24):
    loss = train_step(x, y, weights=weights, robust=i % 2 == 1)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
