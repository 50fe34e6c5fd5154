"""A learning rate passed as a Python float differs at each call: right, and traced anew every time."""
# truth: unsafe train_step retrace-value
# note: the results are the same; the damage is a trace for each value, without bound
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y, rate):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(rate * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(24):
    loss = train_step(x, y, 0.08 * 0.95**i)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
