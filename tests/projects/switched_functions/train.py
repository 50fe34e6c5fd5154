"""Functions that are decorated already; a switch left on after debugging makes all of them run eagerly."""

import numpy as np
import tensorflow as tf

# to step through the code
tf.config.run_functions_eagerly(True)

tf.keras.utils.set_random_seed(0)
weights = tf.Variable(tf.zeros([3, 1]))


def loss_of(x):
    return tf.reduce_mean((x @ weights - 1.0) ** 2)


@tf.function
def train_step(x):
    with tf.GradientTape() as tape:
        loss = loss_of(x)
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    return loss


@tf.function
def evaluate(x):
    return tf.reduce_max(tf.abs(x @ weights - 1.0))


generator = np.random.default_rng(0)
for _ in range(30):
    loss = train_step(tf.constant(generator.normal(size=(8, 3)), tf.float32))
    worst = evaluate(tf.constant(generator.normal(size=(8, 3)), tf.float32))
print(f"loss {float(loss):.5f} worst {float(worst):.5f}")
