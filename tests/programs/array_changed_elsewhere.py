"""The loop shuffles a NumPy data set in place and the step slices it: the graph holds the first slice.

The array is the same object throughout; only what it holds changes.
"""
# truth: unsafe train_step baked-array
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
DATA = rng.normal(size=(24, 3)).astype("float32")
TRUE_W = tf.constant([[1.0], [-2.0], [0.5]])
w = tf.Variable(tf.zeros([3, 1]))


def train_step(rate):
    x = tf.constant(DATA[:6])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - x @ TRUE_W) ** 2)
    w.assign_sub(rate * tape.gradient(loss, w))
    return loss


rate = tf.constant(0.04)
for i in range(24):
    rng.shuffle(DATA)
    loss = train_step(rate)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
