"""The step takes its batch with next() from a Python iterator: the graph trains on the first batch for ever."""
# truth: unsafe train_step frozen-batch
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
BATCHES = iter([rng.normal(size=(8, 3)).astype("float32") for _ in range(24)])
TRUE_W = tf.constant([[1.0], [-2.0], [0.5]])
w = tf.Variable(tf.zeros([3, 1]))


def train_step():
    x = tf.constant(next(BATCHES))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - x @ TRUE_W) ** 2)
    w.assign_sub(0.04 * tape.gradient(loss, w))
    return loss


for i in range(24):
    loss = train_step()
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
