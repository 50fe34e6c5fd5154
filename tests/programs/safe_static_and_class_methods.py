"""A static method and a class method do the work; the class attributes that they read are constants."""
# truth: safe Ridge.train_step
# truth: safe Ridge.mean_loss
import numpy as np
import tensorflow as tf


class Ridge:
    l2 = 0.05
    rate = 0.05

    @staticmethod
    def mean_loss(w, x, y):
        return tf.reduce_mean((x @ w - y) ** 2)

    @classmethod
    def train_step(cls, w, x, y):
        with tf.GradientTape() as tape:
            loss = cls.mean_loss(w, x, y) + cls.l2 * tf.reduce_sum(w**2)
        w.assign_sub(cls.rate * tape.gradient(loss, w))
        return loss


rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(24):
    loss = Ridge.train_step(w, x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f} without penalty {float(Ridge.mean_loss(w, x, y)):.5f}")
