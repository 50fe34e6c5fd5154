"""functools.partial binds the variables and the rate once; the loop calls the partial."""
# truth: safe update
import functools

import numpy as np
import tensorflow as tf


def update(w, rate, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(rate * tape.gradient(loss, w))
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
train_step = functools.partial(update, tf.Variable(tf.zeros([3, 1])), 0.05)
for i in range(24):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
