"""A Python loop over a fixed list of Keras layers and of pairs is unrolled by the trace, once."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
layers = [tf.keras.layers.Dense(4, activation="relu") for _ in range(3)] + [tf.keras.layers.Dense(1)]


def forward(x):
    for index, layer in enumerate(layers):
        x = layer(x) if index == 0 or index == len(layers) - 1 else x + layer(x)
    return x


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((forward(x) - y) ** 2)
    variables = [variable for layer in layers for variable in layer.trainable_variables]
    for variable, gradient in zip(variables, tape.gradient(loss, variables)):
        variable.assign_sub(0.1 * gradient)
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 4)), tf.float32)
y = tf.constant(rng.normal(size=(16, 1)), tf.float32)
forward(x)
for i in range(24):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
