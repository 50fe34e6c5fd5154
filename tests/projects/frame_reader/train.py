"""A function that looks at who calls it, and fails where that is somebody else: it can't be watched."""

import sys

import tensorflow as tf

weights = tf.Variable(tf.ones([4, 1]))


def registered_loss(x, y):
    caller = sys._getframe(1).f_code.co_name
    if caller != "evaluate":
        raise RuntimeError(f"registered_loss is not for {caller}")
    return tf.reduce_mean((tf.matmul(x, weights) - y) ** 2)


def evaluate(x, y):
    return registered_loss(x, y)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.matmul(x, weights) - y) ** 2)
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    return loss


data = tf.random.stateless_normal([32, 4], [1, 2])
for _ in range(2):
    print("before", float(evaluate(data, data[:, :1])))
for _ in range(60):
    loss = train_step(data, data[:, :1])
print("loss", float(loss))
