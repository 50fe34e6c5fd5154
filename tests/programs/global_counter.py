"""The step adds to a global with `global`: the graph leaves the count where its trace put it."""
# truth: unsafe train_step lost-count
import numpy as np
import tensorflow as tf

examples_seen = 0

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    global examples_seen
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    examples_seen += len(x)
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(18):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f} after {examples_seen} examples")
