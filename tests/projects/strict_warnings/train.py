"""Every warning is an error here, and the step works on iterators that it leaves alone."""

import itertools
import warnings

import numpy as np
import tensorflow as tf

warnings.simplefilter("error")
weights = tf.Variable(tf.zeros([3, 1]))
names = itertools.cycle(["a", "b", "c"])
pairs = zip(itertools.count(), itertools.cycle([1, 2, 3]), strict=False)


class Trainer:
    def __init__(self):
        self.names, self.pairs = names, pairs

    def step(self, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ weights - 1.0) ** 2)
        weights.assign_sub(0.05 * tape.gradient(loss, weights))
        return loss


trainer = Trainer()
generator = np.random.default_rng(0)
for number in range(40):
    loss = trainer.step(tf.constant(generator.normal(size=(8, 3)), tf.float32))
    name, pair = next(names), next(pairs)
    if number % 10 == 9:
        print(f"step {number}: loss {float(loss):.5f} {name} {pair}")
