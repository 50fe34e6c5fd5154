"""Model and optimizer come as arguments, the same two objects at each call: one signature, one trace."""
# truth: safe train_step
import numpy as np
import tensorflow as tf


def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


tf.keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
model = tf.keras.Sequential(
    [tf.keras.Input([3]), tf.keras.layers.Dense(6, activation="tanh"), tf.keras.layers.Dense(1)]
)
optimizer = tf.keras.optimizers.SGD(0.1, momentum=0.9)
for i in range(24):
    loss = train_step(model, optimizer, x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
