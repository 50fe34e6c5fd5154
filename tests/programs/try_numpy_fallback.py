"""`try: t.numpy()` with a fallback takes the fallback in a graph: no error, another learning rate."""
# truth: unsafe train_step other-path
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    try:
        rate = 0.2 if loss.numpy() > 0.5 else 0.05
    except AttributeError:
        rate = 0.01
    w.assign_sub(rate * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(20):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
