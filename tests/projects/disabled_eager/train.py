"""A script of today that has switched eager execution off for speed."""

import numpy as np
import tensorflow as tf

tf.compat.v1.disable_eager_execution()
weights = tf.compat.v1.get_variable("weights", [3, 1], initializer=tf.compat.v1.zeros_initializer())


def train_step(x):
    loss = tf.reduce_mean((x @ weights - 1.0) ** 2)
    return weights.assign_sub(0.1 * tf.gradients(loss, weights)[0]), loss


x = tf.compat.v1.placeholder(tf.float32, [8, 3])
update, loss = train_step(x)
generator = np.random.default_rng(0)
with tf.compat.v1.Session() as session:
    session.run(tf.compat.v1.global_variables_initializer())
    for _ in range(40):
        _, value = session.run([update, loss], {x: generator.normal(size=(8, 3))})
print(f"loss {value:.5f}")
