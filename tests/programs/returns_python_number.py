"""The step returns a Python float next to its loss: out of a graph comes a tensor, which json cannot write."""
# truth: unsafe train_step result-type
import json

import numpy as np
import tensorflow as tf

ROWS = 64
rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss, x.shape[0] / ROWS


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
epoch = 0.0
for i in range(16):
    loss, share = train_step(x, y)
    epoch += share
    if i % 4 == 3:
        print(json.dumps({"loss": round(float(loss), 5), "epoch": epoch}))
