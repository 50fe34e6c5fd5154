"""next() on a tf.data iterator is an op on a resource: a graph advances it at each call, as eager does."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
x = rng.normal(size=(20, 3)).astype("float32")
y = x @ np.array([[1.0], [-2.0], [0.5]], np.float32)
batches = iter(tf.data.Dataset.from_tensor_slices((x, y)).repeat().batch(8))
w = tf.Variable(tf.zeros([3, 1]))


def train_step():
    x, y = next(batches)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.04 * tape.gradient(loss, w))
    return loss


for i in range(24):
    loss = train_step()
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
