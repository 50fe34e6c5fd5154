"""The step takes any number of tensors by *args and **kwargs, the same number and names at each call."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([6, 1]))


def train_step(target, *columns, **extra):
    x = tf.concat([*columns, extra["bias"]], axis=1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - target) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


age = tf.constant(rng.normal(size=(16, 1)), tf.float32)
position = tf.constant(rng.normal(size=(16, 2)), tf.float32)
speed = tf.constant(rng.normal(size=(16, 2)), tf.float32)
y = age - tf.reduce_sum(position, axis=1, keepdims=True) + 0.5
for i in range(24):
    loss = train_step(y, age, position, speed, bias=tf.ones([16, 1]))
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
