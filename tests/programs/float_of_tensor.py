"""The step clips its gradient with max(1.0, float(norm)): float() passes a trace, but Python's max cannot.

AutoGraph turns float(t) into a cast, so arithmetic with it works; what needs a real Python number fails.
"""
# truth: unsafe train_step eager-only
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    gradient = tape.gradient(loss, w)
    norm = float(tf.norm(gradient))
    w.assign_sub(0.1 * gradient / max(1.0, norm))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
