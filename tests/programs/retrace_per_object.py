"""Each call is given a new settings object: equal in value, it is another signature and another trace."""
# truth: unsafe train_step retrace-object
# note: the results are the same; the damage is a trace (and a leak) for each call
import numpy as np
import tensorflow as tf


class Settings:
    def __init__(self, rate, l2):
        self.rate = rate
        self.l2 = l2


rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y, settings):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2) + settings.l2 * tf.reduce_sum(w**2)
    w.assign_sub(settings.rate * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(24):
    loss = train_step(x, y, Settings(rate=0.05, l2=0.01))
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
