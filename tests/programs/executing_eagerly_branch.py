"""The step asks tf.executing_eagerly() and regularizes only then: under a graph the penalty is gone."""
# truth: unsafe train_step other-path
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
        if tf.executing_eagerly():
            loss += 0.1 * tf.reduce_sum(w**2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(20):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
