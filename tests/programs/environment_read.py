"""The step reads its rate from os.environ, which the loop changes: the graph has the first string."""
# truth: unsafe train_step baked-global
import os

import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    rate = float(os.environ.get("TRAINING_RATE", "0.08"))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(rate * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for epoch in range(4):
    for _ in range(6):
        loss = train_step(x, y)
    print(f"epoch {epoch}: loss {float(loss):.5f}")
    os.environ["TRAINING_RATE"] = str(0.08 / (2 + epoch))
