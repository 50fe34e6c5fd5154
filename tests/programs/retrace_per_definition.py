"""The step is defined anew in each iteration of the loop: decorated, it is a new tf.function each time."""
# truth: unsafe train.<locals>.step retrace-function
# note: the results are the same; the damage is a trace for each iteration
import numpy as np
import tensorflow as tf


def train(x, y, w, steps):
    for i in range(steps):

        def step(batch, targets):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((batch @ w - targets) ** 2)
            w.assign_sub(0.05 * tape.gradient(loss, w))
            return loss

        loss = step(x, y)
        if i % 6 == 5:
            print(f"step {i + 1}: loss {float(loss):.5f}")


x = tf.constant(np.random.default_rng(0).normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
train(x, y, tf.Variable(tf.zeros([3, 1])), steps=24)
