"""The step keeps a hash of the shapes and a text of lines, both in C: the graph adds to them while it is traced only."""
# truth: unsafe Trainer.train_step lost-write
import hashlib
import io

import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.w = tf.Variable(tf.zeros([3, 1]))
        self.seen = hashlib.sha256()
        self.lines = io.StringIO()

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.w.assign_sub(0.05 * tape.gradient(loss, self.w))
        self.seen.update(str(x.shape).encode())
        self.lines.write(f"{x.shape[0]} rows\n")
        return loss


rng = np.random.default_rng(0)
trainer = Trainer()
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss = trainer.train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
print(len(trainer.lines.getvalue()), "letters", trainer.seen.hexdigest()[:8])
