"""Float32 NumPy batches of one shape are tensors to a graph: one trace, whatever they hold."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))
TRUE_W = np.array([[1.0], [-2.0], [0.5]], np.float32)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.matmul(x, w) - y) ** 2)
    w.assign_sub(0.04 * tape.gradient(loss, w))
    return loss


for i in range(24):
    x = rng.normal(size=(8, 3)).astype(np.float32)
    loss = train_step(x, x @ TRUE_W)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
