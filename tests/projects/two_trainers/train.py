"""One class, two objects: what is traced for the first must not serve the second, and each has its own settings."""

import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self, width, rate):
        self.weights = [tf.Variable(tf.zeros([3, 1])) for _ in range(width)]
        self.rate = rate

    def loss(self, x):
        return tf.add_n([tf.reduce_mean((x @ weight - 1.0) ** 2) for weight in self.weights])

    def step(self, x):
        with tf.GradientTape() as tape:
            loss = self.loss(x)
        for weight, gradient in zip(self.weights, tape.gradient(loss, self.weights), strict=True):
            weight.assign_sub(self.rate * gradient)
        return loss


generator = np.random.default_rng(0)
trainers = Trainer(1, 0.05), Trainer(2, 0.01)
for number in range(60):
    x = tf.constant(generator.normal(size=(8, 3)), tf.float32)
    losses = [float(trainer.step(x)) for trainer in trainers]
    if number % 10 == 9:
        print(f"step {number}: losses {losses[0]:.5f} {losses[1]:.5f}")
