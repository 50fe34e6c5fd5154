"""A custom layer of unbuilt sublayers, used in a Sequential: its decorated `call` holds their initial weights."""
# truth: unsafe ResidualBlock.call baked-weights
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)


class ResidualBlock(tf.keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.inner = tf.keras.layers.Dense(units, activation="relu")
        self.outer = tf.keras.layers.Dense(units)

    def call(self, x):
        return x + self.outer(self.inner(x))


model = tf.keras.Sequential([ResidualBlock(4), ResidualBlock(4), tf.keras.layers.Dense(1)])


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    variables = model.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables)):
        if gradient is not None:
            variable.assign_sub(0.05 * gradient)
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 4)), tf.float32)
y = tf.constant(rng.normal(size=(16, 1)), tf.float32)
for i in range(24):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
