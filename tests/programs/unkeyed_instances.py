"""Trainers that no dictionary of weak keys takes: a dataclass with `eq` has no hash, slots leave no weak reference."""
# truth: unsafe Trainer.train_step instance-key
# truth: unsafe Frozen.train_step instance-key
# note: tf.function keeps what it traced for each object in such a dictionary, and raises at the first call
from dataclasses import dataclass

import numpy as np
import tensorflow as tf


def descend(weight, rate, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weight - y) ** 2)
    weight.assign_sub(rate * tape.gradient(loss, weight))
    return loss


@dataclass
class Trainer:
    weight: tf.Variable
    rate: float = 0.05

    def train_step(self, x, y):
        return descend(self.weight, self.rate, x, y)


@dataclass(frozen=True, eq=False, slots=True)
class Frozen:
    weight: tf.Variable
    rate: float = 0.05

    def train_step(self, x, y):
        return descend(self.weight, self.rate, x, y)


rng = np.random.default_rng(0)
trainer, frozen = Trainer(tf.Variable(tf.zeros([3, 1]))), Frozen(tf.Variable(tf.ones([3, 1])))
for step in range(24):
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    y = x @ tf.constant([[1.0], [-2.0], [0.5]])
    losses = trainer.train_step(x, y), frozen.train_step(x, y)
    if step % 6 == 5:
        print(f"step {step + 1}: {float(losses[0]):.5f} {float(losses[1]):.5f}")
