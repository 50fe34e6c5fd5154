"""Keras' own loop, told to run eagerly by a keyword left over from debugging."""

import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)


def penalty(weights):
    return 1e-3 * tf.add_n([tf.reduce_sum(weight**2) for weight in weights])


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.head = tf.keras.layers.Dense(1)

    def call(self, x):
        return self.head(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x) - y) ** 2) + penalty(self.trainable_variables)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"loss": loss}


generator = np.random.default_rng(0)
x = generator.normal(size=(64, 3)).astype("float32")
model = Net()
model.compile(
    optimizer="sgd",
    run_eagerly=True,  # to look at tensors
)
history = model.fit(x, x.sum(1, keepdims=True), epochs=4, batch_size=8, verbose=0)
print(f"loss {history.history['loss'][-1]:.5f}")
