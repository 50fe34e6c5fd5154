"""A helper that `call` reaches is as dangerous as `call`: decorated, it holds the encoder's initial weights.

The decoder still learns, so the loss falls and nothing raises; the encoder stays as it was.
"""
# truth: unsafe AutoEncoder.encode baked-weights
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)


class AutoEncoder(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = tf.keras.layers.Dense(2, activation="tanh")
        self.decoder = tf.keras.layers.Dense(4)

    def encode(self, x):
        return self.encoder(x)

    def call(self, x):
        return self.decoder(self.encode(x))


model = AutoEncoder()


def train_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - x) ** 2)
    variables = model.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables)):
        if gradient is not None:
            variable.assign_sub(0.2 * gradient)
    return loss


x = tf.constant(np.random.default_rng(0).normal(size=(16, 4)), tf.float32)
for i in range(24):
    loss = train_step(x)
    if i % 6 == 5:
        code = model.encode(x)
        print(f"step {i + 1}: loss {float(loss):.5f} code {float(tf.norm(code)):.5f}")
