"""Raises and asserts that look at static shapes and dtypes are settled at the trace, and never happen."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    if x.shape[0] != y.shape[0]:
        raise ValueError(f"{x.shape[0]} rows but {y.shape[0]} targets")
    assert x.dtype == tf.float32, x.dtype
    assert len(y.shape) == 2
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(24):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
