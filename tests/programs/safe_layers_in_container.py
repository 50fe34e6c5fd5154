"""Layers of the project's in Keras' containers: they note what they were built for, and count nothing in their calls."""
# truth: safe train_step
import keras
import numpy as np
import tensorflow as tf


class Gate(keras.layers.Layer):
    def __init__(self, bias):
        super().__init__()
        self.bias = bias
        self.sizes = []

    def build(self, shape):
        self.sizes.append(shape[-1])
        self.gate = self.add_weight(shape=(shape[-1],), initializer="zeros")

    def call(self, x):
        return x * tf.sigmoid(self.gate + self.bias)


def shrink(weights):
    return 1e-4 * tf.reduce_sum(tf.abs(weights))


def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2) + tf.add_n(model.losses)
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)
inner = keras.Sequential([keras.layers.Dense(8, "tanh", kernel_regularizer=shrink), Gate(0.5)])
inputs = keras.Input((3,))
model = keras.Model(inputs, keras.layers.Dense(1)(inner(inputs)))
optimizer = keras.optimizers.Adam(0.01)
for step in range(40):
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    loss = train_step(model, optimizer, x, x @ tf.constant([[1.0], [-2.0], [0.5]]))
    if step % 8 == 7:
        print(f"step {step + 1}: loss {float(loss):.5f}")
