"""AutoGraph gives up on a method with a mangled name (`self.__limit`), with no more than a warning.

The tensor `if` is then run as Python, which a trace cannot do.
"""
# truth: unsafe Trainer.train_step autograph-fallback
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self, limit):
        self.__limit = limit
        self.w = tf.Variable(tf.zeros([3, 1]))

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        gradient = tape.gradient(loss, self.w)
        if tf.norm(gradient) > self.__limit:
            gradient = tf.clip_by_norm(gradient, self.__limit)
        self.w.assign_sub(0.1 * gradient)
        return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer(limit=2.0)
for i in range(20):
    loss = trainer.train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
