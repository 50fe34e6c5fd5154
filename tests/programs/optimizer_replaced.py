"""The loop changes from Adam to SGD after a while: the graph goes on with Adam."""
# truth: unsafe Trainer.train_step rebound-object
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.w = tf.Variable(tf.zeros([3, 1]))
        self.optimizer = tf.keras.optimizers.Adam(0.05)

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.optimizer.apply_gradients([(tape.gradient(loss, self.w), self.w)])
        return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer()
for i in range(24):
    if i == 12:
        trainer.optimizer = tf.keras.optimizers.SGD(0.01)
    loss = trainer.train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
