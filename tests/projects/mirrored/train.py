"""A distribution strategy: the step runs on each replica, and its results are reduced."""

import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
with strategy.scope():
    weights = tf.Variable(tf.zeros([3, 1]))
    total = tf.keras.metrics.Mean()


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weights - y) ** 2)
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    total.update_state(loss)
    return loss


def distributed_step(x, y):
    losses = strategy.run(replica_step, args=(x, y))
    return strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None)


generator = np.random.default_rng(0)
for number in range(40):
    x = tf.constant(generator.normal(size=(8, 3)), tf.float32)
    loss = distributed_step(x, tf.reduce_sum(x, 1, keepdims=True))
    if number % 10 == 9:
        print(f"step {number}: loss {float(loss):.5f} mean {float(total.result()):.5f}")
