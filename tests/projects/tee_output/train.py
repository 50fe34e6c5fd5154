"""Standard output goes to a file as well, through an object of the project's, and a logger writes beside it."""

import logging
import sys

import numpy as np
import tensorflow as tf


class Tee:
    def __init__(self, *streams):
        self.streams = streams
        self.lines = 0

    def write(self, text):
        self.lines += text.count("\n")
        for stream in self.streams:
            stream.write(text)
        return len(text)

    def flush(self):
        for stream in self.streams:
            stream.flush()


sys.stdout = Tee(sys.stdout, open("train.log", "w"))  # noqa: SIM115
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
log = logging.getLogger("train")
weights = tf.Variable(tf.zeros([3, 1]))


def quiet_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weights - 1.0) ** 2)
    weights.assign_sub(0.05 * tape.gradient(loss, weights))
    return loss


def loud_step(x):
    loss = quiet_step(x)
    log.info("a batch of %d rows", x.shape[0])
    return loss


generator = np.random.default_rng(0)
for number in range(40):
    x = tf.constant(generator.normal(size=(8, 3)), tf.float32)
    loss = quiet_step(x) if number % 2 else loud_step(x)
    if number % 10 == 9:
        print(f"step {number}: loss {float(loss):.5f}")
