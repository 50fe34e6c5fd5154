"""The step adds the epoch to a set on self, and the loop ends by the size of that set: it never grows."""
# truth: unsafe Trainer.train_step lost-write
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.w = tf.Variable(tf.zeros([3, 1]))
        self.visited = set()
        self.epoch = 0

    def train_step(self, x, y):
        self.visited.add(self.epoch)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.w.assign_sub(0.1 * tape.gradient(loss, self.w))
        return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer()
while len(trainer.visited) < 4 and trainer.epoch < 8:
    for _ in range(4):
        loss = trainer.train_step(x, y)
    print(f"epoch {trainer.epoch}: loss {float(loss):.5f}")
    trainer.epoch += 1
