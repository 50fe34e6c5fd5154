"""A distribution strategy runs the replica's step; the loop calls strategy.run, not the step."""
# truth: safe replica_step
import numpy as np
import tensorflow as tf

strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
with strategy.scope():
    w = tf.Variable(tf.zeros([3, 1]))


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(24):
    loss = strategy.run(replica_step, args=(x, y))
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
