"""Module constants of several kinds, read by the step and rebound by nobody: numbers, a dict, an array, a function."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

RATE = 0.05
CONFIG = {"l2": 0.01, "centered": True}
FEATURE_SCALE = np.array([1.0, 0.5, 2.0], np.float32)
activation = tf.nn.softplus

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    x = x * FEATURE_SCALE
    if CONFIG["centered"]:
        x = x - tf.reduce_mean(x, axis=0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((activation(x @ w) - y) ** 2) + CONFIG["l2"] * tf.reduce_sum(w**2)
    w.assign_sub(RATE * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = tf.constant(rng.uniform(1.0, 3.0, size=(16, 1)), tf.float32)
for i in range(24):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
