"""A method reads settings, weights and a list of layers from self, none of which ever change in Python."""
# truth: safe Trainer.train_step
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self, sizes, rate, l2):
        self.rate = rate
        self.l2 = l2
        self.layers = [tf.Variable(tf.random.normal([a, b], stddev=0.4)) for a, b in zip(sizes, sizes[1:])]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = tf.tanh(x @ layer)
        return x @ self.layers[-1]

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            penalty = tf.add_n([tf.nn.l2_loss(layer) for layer in self.layers])
            loss = tf.reduce_mean((self.forward(x) - y) ** 2) + self.l2 * penalty
        for layer, gradient in zip(self.layers, tape.gradient(loss, self.layers)):
            layer.assign_sub(self.rate * gradient)
        return loss


tf.random.set_seed(0)
rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer([3, 5, 1], rate=0.1, l2=0.001)
for i in range(24):
    loss = trainer.train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
