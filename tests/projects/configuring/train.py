"""Devices and threads are configured after the import, which TensorFlow allows only before its first op."""

import numpy as np
import tensorflow as tf

for device in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(device, True)
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.set_visible_devices([], "GPU")
tf.config.experimental.enable_op_determinism()
tf.keras.utils.set_random_seed(0)
weights = tf.Variable(tf.zeros([3, 1]))


def train_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.nn.dropout(x, 0.2) @ weights - 1.0) ** 2)
    weights.assign_sub(0.05 * tape.gradient(loss, weights))
    return loss


generator = np.random.default_rng(0)
for _ in range(40):
    loss = train_step(tf.constant(generator.normal(size=(8, 3)), tf.float32))
print(f"loss {float(loss):.5f} threads {tf.config.threading.get_intra_op_parallelism_threads()}")
