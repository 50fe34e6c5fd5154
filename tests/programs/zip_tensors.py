"""The step zips two tensors row by row, which a graph's tensors do not allow."""
# truth: unsafe train_step iterates-tensor
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.constant(0.0)
        for row, target in zip(x, y):
            loss += (tf.tensordot(row, w, 1) - target) ** 2
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(4, 3)), tf.float32)
y = tf.constant(rng.normal(size=4), tf.float32)
for i in range(15):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
