"""Data from a Python generator that draws random numbers and is read ahead, while the step computes."""
# truth: safe train_step
import random

import numpy as np
import tensorflow as tf

random.seed(0)
np.random.seed(0)
w1 = tf.Variable(tf.random.stateless_normal([8, 16], [1, 2]) * 0.3)
w2 = tf.Variable(tf.random.stateless_normal([16, 1], [3, 4]) * 0.3)


def sequences():
    while True:
        steps = np.random.rand(8).astype("float32")
        rising = random.random() < 0.5
        yield (np.sort(steps) if rising else steps), np.float32([rising])


def train_step(x, y):
    with tf.GradientTape() as tape:
        logits = tf.tanh(x @ w1) @ w2
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, logits))
    for variable, gradient in zip((w1, w2), tape.gradient(loss, (w1, w2))):
        variable.assign_sub(0.3 * gradient)
    return loss


spec = (tf.TensorSpec([8], tf.float32), tf.TensorSpec([1], tf.float32))
data = tf.data.Dataset.from_generator(sequences, output_signature=spec).batch(16).prefetch(2)
for i, (x, y) in enumerate(data.take(60)):
    loss = train_step(x, y)
    if i % 20 == 19:
        print(f"step {i + 1}: loss {float(loss):.5f}")
