"""The loop sets trainer.step and the method only reads it: the warm-up factor of the first trace is baked in."""
# truth: unsafe Trainer.train_step baked-attribute
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.step = 0
        self.w = tf.Variable(tf.zeros([3, 1]))
        self.velocity = tf.Variable(tf.zeros([3, 1]))

    def train_step(self, x, y):
        rate = 0.03 * min(1.0, (self.step + 1) / 10)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.velocity.assign(0.5 * self.velocity + tape.gradient(loss, self.w))
        self.w.assign_sub(rate * self.velocity)
        return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer()
for i in range(24):
    trainer.step = i
    loss = trainer.train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
