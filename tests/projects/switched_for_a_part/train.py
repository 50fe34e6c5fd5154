"""A part of the script is run eagerly on purpose, and the switch is thrown back: no edit is to be offered."""

import numpy as np
import tensorflow as tf

weights = tf.Variable(tf.zeros([3, 1]))


@tf.function
def train_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weights - 1.0) ** 2)
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    return loss


generator = np.random.default_rng(0)
batches = [tf.constant(generator.normal(size=(8, 3)), tf.float32) for _ in range(30)]
tf.config.run_functions_eagerly(True)
for batch in batches[:3]:
    train_step(batch)
tf.config.run_functions_eagerly(False)
for batch in batches[3:]:
    loss = train_step(batch)
print(f"loss {float(loss):.5f}")
