"""Keras 2 by environment variable: layers that build themselves, batch statistics, an optimizer with slots."""

import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)


class Block(tf.keras.layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], 4))

    def call(self, x, training=False):
        return tf.nn.dropout(tf.nn.relu(x @ self.kernel), 0.2) if training else tf.nn.relu(x @ self.kernel)


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.block, self.normal, self.head = Block(), tf.keras.layers.BatchNormalization(), tf.keras.layers.Dense(1)

    def call(self, x, training=False):
        return self.head(self.normal(self.block(x, training=training), training=training))


model, optimizer = Net(), tf.keras.optimizers.Adam(0.01)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    optimizer.apply_gradients(
        zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
    )
    return loss


generator = np.random.default_rng(0)
for number in range(40):
    x = tf.constant(generator.normal(size=(8, 3)), tf.float32)
    loss = train_step(x, tf.reduce_sum(x, 1, keepdims=True))
    if number % 10 == 9:
        print(f"step {number}: loss {float(loss):.5f}")
