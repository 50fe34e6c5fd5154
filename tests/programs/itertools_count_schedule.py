"""An itertools.count gives the step number of a decay: the trace takes one number and keeps it."""
# truth: unsafe train_step step-counter
import itertools

import numpy as np
import tensorflow as tf

STEPS = itertools.count(1)

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    rate = 0.5 / next(STEPS)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(rate * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(20):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
