"""The step returns the trainer's own dict and the caller notes things in it: a graph returns a copy."""
# truth: unsafe Trainer.train_step identity
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.w = tf.Variable(tf.zeros([3, 1]))
        self.state = {"norm": tf.Variable(0.0)}

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.w.assign_sub(0.05 * tape.gradient(loss, self.w))
        self.state["norm"].assign(tf.norm(self.w))
        return self.state


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer()
for i in range(15):
    state = trainer.train_step(x, y)
    if i == 9:
        before = float(state["norm"])
    if i % 5 == 4:
        print(f"step {i + 1}: norm {float(state['norm']):.5f}")
trainer.w.assign(tf.zeros([3, 1]))
trainer.state["norm"].assign(0.0)
print(f"after a reset: {float(state['norm']):.5f}, the same dict: {state is trainer.state}")
