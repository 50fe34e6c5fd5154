"""A flow makes its layers in its first call, and their initializers draw their seeds from Python's `random`."""
# truth: safe Flow.train_step
# note: the draws happen in the first call alone, eagerly and in the first trace
import random

import numpy as np
import tensorflow as tf


class Flow:
    def __init__(self):
        self.layers = []
        self.optimizer = tf.keras.optimizers.SGD(0.05)

    def shift(self, x):
        if not self.layers:
            for units in (8, 3):
                seeded = tf.keras.initializers.GlorotUniform(seed=random.randrange(2**31))
                self.layers.append(tf.keras.layers.Dense(units, activation="tanh", kernel_initializer=seeded))
        for layer in self.layers:
            x = layer(x)
        return x

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x + self.shift(x) - y) ** 2)
        variables = [variable for layer in self.layers for variable in layer.trainable_variables]
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss


random.seed(4)
rng = np.random.default_rng(0)
flow = Flow()
for step in range(40):
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    loss = flow.train_step(x, 0.5 * x + 0.3)
    if step % 8 == 7:
        print(f"step {step + 1}: loss {float(loss):.5f}")
