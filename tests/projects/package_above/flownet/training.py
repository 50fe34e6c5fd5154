"""The package at the project's root, which the script in tests/ imports."""

import tensorflow as tf


class Trainer:
    def __init__(self, size):
        self.weights = tf.Variable(tf.ones([size, 1]))

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.matmul(x, self.weights) - y) ** 2)
        self.weights.assign_sub(0.1 * tape.gradient(loss, self.weights))
        return loss
