"""The step reads trainable_variables before the model has any: the trace that sees none of them never trains.

Eagerly only the first of the steps is lost.
"""
# truth: unsafe train_step variables-before-build
# note: shows in a cold process only; after a first eager call the model is built and the graph is right
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
model = tf.keras.Sequential([tf.keras.layers.Dense(4, activation="tanh"), tf.keras.layers.Dense(1)])


def train_step(x, y):
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    for variable, gradient in zip(variables, tape.gradient(loss, variables)):
        variable.assign_sub(0.1 * gradient)
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(20):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
