"""The whole training runs in a worker thread while the main thread waits: threads alone do no harm."""
# truth: safe train_step
import threading

import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))
losses = []


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


def train():
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    y = x @ tf.constant([[1.0], [-2.0], [0.5]])
    for _ in range(24):
        losses.append(float(train_step(x, y)))


worker = threading.Thread(target=train)
worker.start()
worker.join()
for i in range(5, 24, 6):
    print(f"step {i + 1}: loss {losses[i]:.5f}")
