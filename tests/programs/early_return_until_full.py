"""Returns early until a buffer is full: the first trace learns nothing, and nothing is learned ever after.

The graph looks a hundred times faster than the eager step. The weights never move.
"""
# truth: unsafe Learner.learn early-return
import numpy as np
import tensorflow as tf


class Learner:
    def __init__(self, batch_size):
        self.batch_size = batch_size
        self.rows = np.zeros((64, 3), np.float32)
        self.filled = 0
        self.w = tf.Variable(tf.zeros([3, 1]))

    def remember(self, row):
        self.rows[self.filled % 64] = row
        self.filled += 1

    def learn(self, target):
        if self.filled < self.batch_size:
            return tf.constant(0.0)
        batch = self.rows[: self.batch_size]
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.matmul(batch, self.w) - target * batch[:, :1]) ** 2)
        self.w.assign_sub(0.1 * tape.gradient(loss, self.w))
        return loss


rng = np.random.default_rng(0)
learner = Learner(batch_size=12)
target = tf.ones([])
for i in range(32):
    learner.remember(rng.normal(size=3))
    loss = learner.learn(target)
    if i % 8 == 7:
        print(f"step {i + 1}: loss {float(loss):.5f}")
print("weight norm", f"{float(tf.norm(learner.w)):.5f}")
