"""The step counts its calls in a module's dict: the count stays at the number of traces."""
# truth: unsafe train_step lost-count
import collections

import numpy as np
import tensorflow as tf

CALLS = collections.Counter()

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    CALLS["train_step"] += 1
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(18):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
print("calls:", dict(CALLS))
