"""Gradients are accumulated in variables and applied at every fourth call by a tensor condition."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))
pending = tf.Variable(tf.zeros([3, 1]), trainable=False)
count = tf.Variable(0, trainable=False)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    pending.assign_add(tape.gradient(loss, w))
    count.assign_add(1)
    if count == 4:
        w.assign_sub(0.02 * pending)
        pending.assign(tf.zeros_like(pending))
        count.assign(0)
    return loss


for i in range(32):
    x = tf.constant(rng.normal(size=(8, 3)), tf.float32)
    loss = train_step(x, tf.reduce_sum(x, axis=1, keepdims=True))
    if i % 8 == 7:
        print(f"step {i + 1}: loss {float(loss):.5f} pending {int(count)}")
