"""A subclass extends the loss of its base by super(), and inherits the step that calls it."""
# truth: safe Base.train_step
# truth: safe Regularized.loss
import numpy as np
import tensorflow as tf


class Base:
    def __init__(self):
        self.w = tf.Variable(tf.zeros([3, 1]))

    def loss(self, x, y):
        return tf.reduce_mean((x @ self.w - y) ** 2)

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = self.loss(x, y)
        self.w.assign_sub(0.05 * tape.gradient(loss, self.w))
        return loss


class Regularized(Base):
    def __init__(self, l1):
        super().__init__()
        self.l1 = l1

    def loss(self, x, y):
        return super().loss(x, y) + self.l1 * tf.reduce_sum(tf.abs(self.w))


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Regularized(l1=0.02)
for i in range(24):
    loss = trainer.train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
