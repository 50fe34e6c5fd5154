"""The step raises when its loss is not finite, and the loop restores the weights: a graph raises at its trace."""
# truth: unsafe train_step exception
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    if not tf.math.is_finite(loss):
        raise FloatingPointError("the loss is not finite")
    w.assign_sub(0.04 * tape.gradient(loss, w))
    return loss


bad = 0
for i in range(20):
    x = rng.normal(size=(16, 3))
    if i == 11:
        x[3, 1] = np.inf
    x = tf.constant(x, tf.float32)
    try:
        loss = train_step(x, tf.reduce_sum(x, axis=1, keepdims=True))
    except FloatingPointError:
        bad += 1
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f} bad batches {bad}")
