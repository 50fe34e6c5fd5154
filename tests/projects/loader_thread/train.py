"""Batches are prepared in a thread beside, which draws its own random numbers and fills a queue on the trainer."""

import queue
import threading

import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.weights = tf.Variable(tf.zeros([3, 1]))
        self.batches = queue.Queue(maxsize=4)
        self.produced = 0

    def produce(self, count):
        for _ in range(count):
            noise = np.random.normal(size=(8, 3)).astype("float32")
            self.batches.put(tf.constant(noise) + 0.1 * tf.random.normal((8, 3)))
            self.produced += 1
        self.batches.put(None)

    def step(self, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.nn.dropout(x, 0.2) @ self.weights - 1.0) ** 2)
        self.weights.assign_sub(0.05 * tape.gradient(loss, self.weights))
        return loss


np.random.seed(0)
trainer = Trainer()
loader = threading.Thread(target=trainer.produce, args=(60,), daemon=True)
loader.start()
losses = []
while (batch := trainer.batches.get()) is not None:
    losses.append(float(trainer.step(batch)))
loader.join()
print(f"{len(losses)} steps")
