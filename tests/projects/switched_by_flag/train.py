"""Keras' own loop, told to run eagerly by a flag of the project's: its owner's to switch off."""

import numpy as np
import tensorflow as tf

DEBUG = True

tf.keras.utils.set_random_seed(0)
generator = np.random.default_rng(0)
x = generator.normal(size=(64, 3)).astype("float32")
model = tf.keras.Sequential([tf.keras.layers.Dense(4), tf.keras.layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse", run_eagerly=DEBUG)
model.fit(x, x.sum(1, keepdims=True), epochs=4, batch_size=8, verbose=0)
