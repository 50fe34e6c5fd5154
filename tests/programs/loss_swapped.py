"""The loss function is replaced in mid-training: the graph computes the loss that it was traced with."""
# truth: unsafe train_step rebound-object
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def squared(error):
    return tf.reduce_mean(error**2)


def absolute(error):
    return tf.reduce_mean(tf.abs(error))


loss_fn = squared


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(x @ w - y)
    w.assign_sub(0.04 * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(28):
    if i == 20:
        loss_fn = absolute
    loss = train_step(x, y)
    if i % 7 == 6:
        print(f"step {i + 1}: {loss_fn.__name__} loss {float(loss):.5f}")
