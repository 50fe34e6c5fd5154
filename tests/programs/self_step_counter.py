"""The step counts itself on self and warms up its learning rate by that count: the warm-up stays at step 1."""
# truth: unsafe Trainer.train_step step-counter
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self, warmup):
        self.warmup = warmup
        self.step = 0
        self.w = tf.Variable(tf.zeros([3, 1]))

    def train_step(self, x, y):
        self.step += 1
        rate = 0.08 * min(1.0, self.step / self.warmup)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.w.assign_sub(rate * tape.gradient(loss, self.w))
        return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer(warmup=12)
for i in range(24):
    loss = trainer.train_step(x, y)
    if i % 6 == 5:
        print(f"step {trainer.step}: loss {float(loss):.5f}")
