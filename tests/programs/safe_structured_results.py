"""The step returns a named tuple that holds a dict and a tuple of tensors: a graph returns the same structure."""
# truth: safe train_step
from collections import namedtuple

import numpy as np
import tensorflow as tf

Result = namedtuple("Result", ["loss", "norms", "extremes"])

tf.random.set_seed(0)
w = tf.Variable(tf.random.normal([3, 1]))
b = tf.Variable(tf.zeros([1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        prediction = x @ w + b
        loss = tf.reduce_mean((prediction - y) ** 2)
    gradient_w, gradient_b = tape.gradient(loss, (w, b))
    w.assign_sub(0.04 * gradient_w)
    b.assign_sub(0.04 * gradient_b)
    norms = {"w": tf.norm(gradient_w), "b": tf.norm(gradient_b)}
    return Result(loss, norms, (tf.reduce_min(prediction), tf.reduce_max(prediction)))


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(24):
    result = train_step(x, y)
    if i % 6 == 5:
        low, high = result.extremes
        print(f"step {i + 1}: loss {float(result.loss):.5f} gradient {float(result.norms['w']):.5f}")
        print(f"  {type(result).__name__} of {sorted(result.norms)} in [{float(low):.5f}, {float(high):.5f}]")
