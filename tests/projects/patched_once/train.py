"""Parts of libraries and of the project are replaced at the start, as plugins do, and stay so."""

import losses
import numpy as np
import tensorflow as tf

plain_relu = tf.nn.relu
tf.nn.relu = lambda x, name=None: plain_relu(x, name=name) + 0.01 * x
losses.loss = lambda prediction, y: tf.reduce_mean(tf.abs(prediction - y))
weights = tf.Variable(tf.ones([3, 1]) * 0.1)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = losses.loss(tf.nn.relu(x @ weights), y)
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    return loss


generator = np.random.default_rng(0)
for number in range(40):
    x = tf.constant(generator.normal(size=(8, 3)), tf.float32)
    loss = train_step(x, tf.reduce_sum(x, 1, keepdims=True))
    if number % 10 == 9:
        print(f"step {number}: loss {float(loss):.5f}")
