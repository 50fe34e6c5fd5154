"""The step asserts that its batch has no outlier and the loop skips the batches that fail: a graph fails otherwise."""
# truth: unsafe train_step exception
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    assert tf.reduce_max(tf.abs(x)) < 10.0, "an outlier in the batch"
    w.assign_sub(0.04 * tape.gradient(loss, w))
    return loss


skipped = 0
for i in range(20):
    x = rng.normal(size=(16, 3)) * (20.0 if i % 7 == 6 else 1.0)
    x = tf.constant(x, tf.float32)
    try:
        loss = train_step(x, tf.reduce_sum(x, axis=1, keepdims=True))
    except AssertionError:
        skipped += 1
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f} skipped {skipped}")
