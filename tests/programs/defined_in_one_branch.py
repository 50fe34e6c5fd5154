"""A name is bound in one branch of a tensor `if` only and used in a later one: a graph needs it in both."""
# truth: unsafe train_step autograph-branch
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    gradient = tape.gradient(loss, w)
    large = tf.norm(gradient) > 2.0
    if large:
        scale = 2.0 / tf.norm(gradient)
    if large:
        gradient = gradient * scale
    w.assign_sub(0.1 * gradient)
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
