"""It trains for ever and lets nothing stop it: every exception is swallowed, also those that mean to end it."""

import numpy as np
import tensorflow as tf

weights = tf.Variable(tf.zeros([3, 1]))
generator = np.random.default_rng(0)


def train_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weights - 1.0) ** 2)
    weights.assign_sub(0.05 * tape.gradient(loss, weights))
    return loss


number = 0
while True:
    try:
        loss = train_step(tf.constant(generator.normal(size=(8, 3)), tf.float32))
        number += 1
        if number % 50 == 0:
            print(f"step {number}: loss {float(loss):.5f}")
    except:  # noqa: E722
        continue
