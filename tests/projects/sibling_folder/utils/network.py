"""A model in a folder that the script puts on the search path, relative to where it is run."""

import tensorflow as tf


class Network:
    def __init__(self, size):
        self.weights = tf.Variable(tf.ones([size, 1]))

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.matmul(x, self.weights) - y) ** 2)
        self.weights.assign_sub(0.1 * tape.gradient(loss, self.weights))
        return loss
