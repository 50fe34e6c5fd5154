"""A schedule by monkeypatching: the loss function of a module is replaced every few steps."""

import losses
import numpy as np
import tensorflow as tf

weights = tf.Variable(tf.ones([3, 1]) * 0.1)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = losses.loss(x @ weights, y)
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    return loss


generator = np.random.default_rng(0)
for number in range(40):
    if number % 8 == 7:
        losses.loss = losses.absolute if losses.loss is losses.square else losses.square
    x = tf.constant(generator.normal(size=(8, 3)), tf.float32)
    loss = train_step(x, tf.reduce_sum(x, 1, keepdims=True))
    if number % 10 == 9:
        print(f"step {number}: loss {float(loss):.5f}")
