"""A factory makes a step for each trial, and each step reads a rate that its trial lowers."""
# truth: unsafe make_step.<locals>.step baked-attribute
# note: that the function objects are told apart must not hide what changes for one of them
import numpy as np
import tensorflow as tf


class Trial:
    def __init__(self, rate):
        self.rate = rate
        self.weight = tf.Variable(tf.zeros([3, 1]))


def make_step(trial):
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ trial.weight - y) ** 2)
        trial.weight.assign_sub(trial.rate * tape.gradient(loss, trial.weight))
        return loss

    return step


x = tf.constant(np.random.default_rng(0).normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for rate in (0.2, 0.1):
    trial = Trial(rate)
    step = make_step(trial)
    for number in range(30):
        loss = step(x, y)
        if number % 6 == 5:
            trial.rate *= 0.5
    print(f"rate {rate}: {float(loss):.5f}")
