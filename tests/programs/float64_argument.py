"""NumPy's float64 meets float32 weights: eager converts the array for each op, a graph's argument is float64."""
# truth: unsafe train_step dtype
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.reduce_sum(w * x, axis=1) - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


x = rng.normal(size=(16, 3))
y = x @ np.array([1.0, -2.0, 0.5])
for i in range(15):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
