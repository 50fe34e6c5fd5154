"""The step restarts its tf.data iterator at StopIteration: a graph ends with another error, and keeps its iterator."""
# truth: unsafe Trainer.train_step exception
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self, dataset):
        self.dataset = dataset
        self.batches = iter(dataset)
        self.w = tf.Variable(tf.zeros([3, 1]))

    def train_step(self):
        try:
            x, y = next(self.batches)
        except StopIteration:
            self.batches = iter(self.dataset)
            x, y = next(self.batches)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.w.assign_sub(0.2 * tape.gradient(loss, self.w))
        return loss


rng = np.random.default_rng(0)
x = rng.normal(size=(32, 3)).astype("float32")
y = rng.normal(size=(32, 1)).astype("float32")
trainer = Trainer(tf.data.Dataset.from_tensor_slices((x, y)).batch(4))
for i in range(20):
    loss = trainer.train_step()
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
