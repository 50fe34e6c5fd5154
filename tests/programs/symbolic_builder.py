"""A function that wires a functional model gets a Keras symbolic tensor, which no tf.function takes."""
# truth: unsafe residual symbolic-argument
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)


def residual(inputs, units):
    hidden = tf.keras.layers.Dense(units, activation="relu")(inputs)
    return tf.keras.layers.Dense(inputs.shape[-1])(hidden) + inputs


inputs = tf.keras.Input([4])
outputs = tf.keras.layers.Dense(1)(residual(residual(inputs, 6), 6))
model = tf.keras.Model(inputs, outputs)
optimizer = tf.keras.optimizers.SGD(0.05)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 4)), tf.float32)
y = tf.constant(rng.normal(size=(16, 1)), tf.float32)
for i in range(20):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
