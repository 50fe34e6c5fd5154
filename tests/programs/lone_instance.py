"""A factory gives a bound method, and nothing else holds the object: the weak reference of a tf.function dies."""
# truth: unsafe Trainer.train_step lone-instance
# note: decorated, `self` is None when the function is traced
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self, rate):
        self.rate = rate
        self.weight = tf.Variable(tf.zeros([3, 1]))

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.weight - y) ** 2)
        self.weight.assign_sub(self.rate * tape.gradient(loss, self.weight))
        return loss


def make_step(rate):
    trainer = Trainer(rate)
    return trainer.train_step


rng = np.random.default_rng(0)
step = make_step(0.05)
for number in range(24):
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    y = x @ tf.constant([[1.0], [-2.0], [0.5]])
    loss = step(x, y)
    if number % 6 == 5:
        print(f"step {number + 1}: {float(loss):.5f}")
