"""Helpers that take a tensor apart with list() or unpacking work on eager tensors only."""
# truth: unsafe features iterates-tensor
# truth: unsafe train_step iterates-tensor
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([4]))


def features(position):
    angle, speed, mass = position
    return tf.stack([tf.sin(angle), tf.cos(angle), speed * mass, mass])


def train_step(positions, y):
    with tf.GradientTape() as tape:
        rows = [features(position) for position in list(positions)]
        loss = tf.reduce_mean((tf.linalg.matvec(tf.stack(rows), w) - y) ** 2)
    w.assign_sub(0.1 * tape.gradient(loss, w))
    return loss


positions = tf.constant(rng.normal(size=(4, 3)), tf.float32)
y = tf.constant(rng.normal(size=4), tf.float32)
for i in range(12):
    loss = train_step(positions, y)
    if i % 4 == 3:
        print(f"step {i + 1}: loss {float(loss):.5f}")
