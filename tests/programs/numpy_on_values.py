"""The step applies NumPy to a prediction, which works on eager tensors only."""
# truth: unsafe train_step eager-only
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        prediction = x @ w
        loss = tf.reduce_mean((prediction - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss, np.median(np.abs(prediction - y))


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss, median_error = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f} median error {median_error:.5f}")
