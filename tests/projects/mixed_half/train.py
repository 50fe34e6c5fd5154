"""Half precision with a loss scale that moves, and float32 weights behind it."""

import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
tf.keras.mixed_precision.set_global_policy("mixed_float16")
model = tf.keras.Sequential(
    [
        tf.keras.layers.Dense(8, activation="relu"),
        tf.keras.layers.Dropout(0.2),
        tf.keras.layers.Dense(1, dtype="float32"),
    ]
)
model.build((None, 3))
optimizer = tf.keras.mixed_precision.LossScaleOptimizer(tf.keras.optimizers.SGD(0.05), initial_scale=2.0**10)
optimizer.build(model.trainable_variables)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        scaled = optimizer.scale_loss(loss)
    gradients = tape.gradient(scaled, model.trainable_variables)
    optimizer.apply(gradients, model.trainable_variables)
    return loss


generator = np.random.default_rng(0)
for number in range(40):
    x = tf.constant(generator.normal(size=(8, 3)), tf.float32)
    loss = train_step(x, tf.reduce_sum(x, 1, keepdims=True))
    if number % 10 == 9:
        print(f"step {number}: loss {float(loss):.5f}")
