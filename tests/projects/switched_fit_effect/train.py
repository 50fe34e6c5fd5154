"""Keras' own loop, told to run eagerly for a layer that counts its calls in Python, which a graph would do once."""

import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)


class Cooling(tf.keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.seen = 0

    def call(self, x, training=False):
        if training:
            self.seen += 1
        return x / (1.0 + 0.01 * self.seen)


generator = np.random.default_rng(0)
x = generator.normal(size=(64, 3)).astype("float32")
model = tf.keras.Sequential([tf.keras.layers.Dense(4), Cooling(), tf.keras.layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse", run_eagerly=True)
history = model.fit(x, x.sum(1, keepdims=True), epochs=4, batch_size=8, verbose=0)
print(f"loss {history.history['loss'][-1]:.5f}")
