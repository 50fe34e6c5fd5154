"""tf.sqrt(x, tf.float32) passes a dtype where a name is expected: eager ignores it, a graph raises."""
# truth: unsafe train_step name-argument
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.ones([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.sqrt(tf.reduce_mean((x @ w - y) ** 2), tf.float32)
    w.assign_sub(0.1 * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
