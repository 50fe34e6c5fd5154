"""A NumPy integer divides a float tensor: eager converts it on the spot, a graph's argument is an int64 tensor."""
# truth: unsafe train_step dtype
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y, count):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum((x @ w - y) ** 2) / count
    w.assign_sub(0.04 * tape.gradient(loss, w))
    return loss


mask = rng.uniform(size=16) < 0.7
x = tf.constant(rng.normal(size=(16, 3)) * mask[:, None], tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss = train_step(x, y, mask.sum())
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
