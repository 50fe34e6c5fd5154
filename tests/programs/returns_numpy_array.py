"""The step returns a NumPy array that its caller fills in: out of a graph comes a tensor, which nobody can fill."""
# truth: unsafe train_step result-type
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss, np.full(2, x.shape[0], np.float64)


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss, record = train_step(x, y)
    record[0] = float(loss)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {record[0]:.5f} of {record[1]:.0f} rows")
