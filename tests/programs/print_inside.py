"""The step prints its loss: a graph prints a symbolic tensor once, and then falls silent."""
# truth: unsafe train_step print
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    print("loss", loss)
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(12):
    train_step(x, y)
print(f"weight norm {float(tf.norm(w)):.5f}")
