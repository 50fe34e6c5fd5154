"""A service: the work is done by a thread that takes jobs, and the main thread waits for the answers."""

import queue
import threading

import numpy as np
import tensorflow as tf

weights = tf.Variable(tf.zeros([3, 1]))
jobs, answers = queue.Queue(), queue.Queue()


def train_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weights - 1.0) ** 2)
    weights.assign_sub(0.05 * tape.gradient(loss, weights))
    return loss


def work():
    while (x := jobs.get()) is not None:
        answers.put(float(train_step(x)))


worker = threading.Thread(target=work)
worker.start()
generator = np.random.default_rng(0)
for number in range(40):
    jobs.put(tf.constant(generator.normal(size=(8, 3)), tf.float32))
    loss = answers.get()
    if number % 10 == 9:
        print(f"step {number}: loss {loss:.5f}")
jobs.put(None)
worker.join()
