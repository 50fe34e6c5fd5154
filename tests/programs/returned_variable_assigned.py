"""The step returns its counter, a tf.Variable, which the caller sets back: a tensor can't be assigned to."""
# truth: unsafe train_step result-type
import numpy as np
import tensorflow as tf

w = tf.Variable(tf.zeros([3, 1]))
steps = tf.Variable(0, dtype=tf.int64)


def train_step(x, y):
    steps.assign_add(1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss, steps


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for _ in range(24):
    loss, done = train_step(x, y)
    if done == 6:
        print(f"epoch: loss {float(loss):.5f}")
        done.assign(0)
