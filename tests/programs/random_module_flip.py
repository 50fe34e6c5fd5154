"""Augmentation by random.random() inside the step: the coin is tossed once, when the step is traced."""
# truth: unsafe train_step frozen-random
import random

import numpy as np
import tensorflow as tf

random.seed(3)
rng = np.random.default_rng(0)
images = tf.constant(rng.normal(size=(12, 5)), tf.float32)
targets = tf.constant(rng.normal(size=(12, 1)), tf.float32)
w = tf.Variable(tf.zeros([5, 1]))


def train_step(x, y):
    if random.random() < 0.5:
        x = tf.reverse(x, axis=[1])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.2 * tape.gradient(loss, w))
    return loss


for i in range(24):
    loss = train_step(images, targets)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.4f}")
