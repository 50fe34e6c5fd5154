"""Gradients are clipped by their global norm and fed to a hand-written momentum, all in variables."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
variables = [tf.Variable(tf.random.normal([3, 4])), tf.Variable(tf.random.normal([4, 1]))]
momenta = [tf.Variable(tf.zeros_like(variable), trainable=False) for variable in variables]


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.tanh(x @ variables[0]) @ variables[1] - y) ** 2)
    gradients, norm = tf.clip_by_global_norm(tape.gradient(loss, variables), 1.0)
    for variable, momentum, gradient in zip(variables, momenta, gradients):
        momentum.assign(0.8 * momentum + gradient)
        variable.assign_sub(0.05 * momentum)
    return loss, norm


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = tf.constant(3.0 * rng.normal(size=(16, 1)), tf.float32)
for i in range(24):
    loss, norm = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f} gradient norm {float(norm):.5f}")
