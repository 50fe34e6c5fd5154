"""The step takes a minibatch by tf.random.shuffle, and truncated noise: random ops both, no Python state."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
w = tf.Variable(tf.random.truncated_normal([3, 1], stddev=0.1))


def train_step(x, y):
    rows = tf.random.shuffle(tf.range(tf.shape(x)[0]))[:6]
    batch, targets = tf.gather(x, rows), tf.gather(y, rows)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((batch @ w - targets) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w) + tf.random.truncated_normal(w.shape, stddev=0.001))
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(24, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(24):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
