"""NumPy computes with static shapes and constants only, never with the values of a tensor."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([12, 1]))


def train_step(images, y):
    pixels = int(np.prod(images.shape[1:]))
    scale = 1.0 / np.sqrt(pixels)
    x = tf.reshape(images, [-1, pixels])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((scale * (x @ w) - y) ** 2)
    w.assign_sub(np.float32(0.3) * tape.gradient(loss, w))
    return loss


images = tf.constant(rng.normal(size=(8, 3, 4)), tf.float32)
y = tf.constant(rng.normal(size=(8, 1)), tf.float32)
for i in range(24):
    loss = train_step(images, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
