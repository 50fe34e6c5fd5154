"""A layer that a configuration names writes a line in each call: only the container that Keras calls leads to it."""
# truth: unsafe train_step lost-write
import io

import keras
import numpy as np
import tensorflow as tf


class Tap(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.lines = io.StringIO()

    def call(self, x):
        self.lines.write(f"{x.shape[-1]} features\n")
        return x


class Scale(keras.layers.Layer):
    def call(self, x):
        return 0.5 * x


KINDS = {"tap": Tap, "scale": Scale}


def build(config):
    return keras.Sequential([*(KINDS[name]() for name in config), keras.layers.Dense(1)])


def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)
model, optimizer = build("scale tap".split()), keras.optimizers.SGD(0.05)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss = train_step(model, optimizer, x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
print(len(model.layers[1].lines.getvalue().splitlines()), "lines")
