"""The loop wraps each call of the step in a bare except, which hides errors but never has one to hide."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
failed = 0
for i in range(24):
    try:
        loss = train_step(x, y)
    except:
        failed += 1
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f} failed {failed}")
