"""Left over from debugging: every tf.function runs eagerly, so a comparison would compare eager with eager."""

import numpy as np
import tensorflow as tf

tf.config.run_functions_eagerly(True)
weights = tf.Variable(tf.zeros([3, 1]))


def train_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weights - 1.0) ** 2)
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    return loss


generator = np.random.default_rng(0)
for _ in range(40):
    loss = train_step(tf.constant(generator.normal(size=(8, 3)), tf.float32))
print(f"loss {float(loss):.5f}")
