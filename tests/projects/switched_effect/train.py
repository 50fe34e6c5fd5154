"""The switch is on for a reason: the decorated step writes a log in Python, which a graph would do once."""

import numpy as np
import tensorflow as tf

tf.config.run_functions_eagerly(True)

weights = tf.Variable(tf.zeros([3, 1]))
history = []


@tf.function
def train_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weights - 1.0) ** 2)
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    history.append(loss)
    return loss


generator = np.random.default_rng(0)
for _ in range(30):
    train_step(tf.constant(generator.normal(size=(8, 3)), tf.float32))
print(f"{len(history)} losses, the last {float(history[-1]):.5f}")
