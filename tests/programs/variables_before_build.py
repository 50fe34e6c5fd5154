"""The step reads trainable_variables before the model's first call: in a cold graph its optimizer cannot be built.

Eagerly the first step trains nothing and the second one builds the optimizer. Under tf.function the optimizer meets
the variables in the second trace, which may not create any.
"""
# truth: unsafe train_step variables-before-build
# note: shows in a cold process only; after two eager calls all is built and the graph is right
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential([tf.keras.layers.Dense(4, activation="tanh"), tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.Adam(0.05)


def train_step(x, y):
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    optimizer.apply(tape.gradient(loss, variables), variables)
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(20):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
