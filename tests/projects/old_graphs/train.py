"""TensorFlow 1: a graph is built once, and a session runs it."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()


def network(x):
    with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
        return x @ tf.get_variable("weights", [3, 1], initializer=tf.zeros_initializer())


def loss_of(x, y):
    return tf.reduce_mean((network(x) - y) ** 2) + 0.0 * tf.reduce_sum(tf.random_normal([2]))


x, y = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 1])
loss = loss_of(x, y)
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
generator = np.random.default_rng(0)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for _ in range(40):
        rows = generator.normal(size=(8, 3))
        _, value = session.run([train, loss], {x: rows, y: rows.sum(1, keepdims=True)})
print(f"loss {value:.5f}")
