"""A function recurses as deep as a tensor says: a trace knows no depth and recurses for ever."""
# truth: unsafe power_features recursion
# truth: unsafe train_step recursion
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def power_features(x, depth):
    if depth <= 0:
        return x
    return x + 0.5 * power_features(x * x, depth - 1)


def train_step(x, y, depth):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((power_features(x, depth) @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.uniform(-1, 1, size=(16, 3)), tf.float32)
y = tf.constant(rng.normal(size=(16, 1)), tf.float32)
for i in range(12):
    loss = train_step(x, y, tf.constant(i % 3))
    if i % 4 == 3:
        print(f"step {i + 1}: loss {float(loss):.5f}")
