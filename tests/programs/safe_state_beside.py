"""State that changes all the time beside what the steps read: counters, a log, a bar, settings of which others change."""
# truth: safe Trainer.train_step
# truth: safe Trainer.evaluate
# truth: safe alternating_step
# note: alternating_step reads a flag of two values, both of which make the same graph.
import logging

import numpy as np
import tensorflow as tf

EPOCHS, STEPS = 10, 12
logger = logging.getLogger("train")
CONFIG = {"momentum": 0.0, "epoch": 0, "clip": 5.0}


class Bar:
    """What tqdm does, as far as the loop is concerned."""

    def __init__(self, total):
        self.total, self.n, self.loss = total, 0, None

    def update(self, loss):
        self.n += 1
        self.loss = loss


class Trainer:
    def __init__(self):
        self.model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1)])
        self.optimizer = tf.keras.optimizers.SGD(0.02, momentum=CONFIG["momentum"])
        self.settings = {"clip": CONFIG["clip"], "best": None}
        self.epoch = self.steps = 0
        self.history = []
        self.bar = None
        self.best = float("inf")
        self.state = {"epoch": 0, "scale": 1.0}

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = scaled(tf.reduce_mean((self.model(x, training=True) - y) ** 2), self.state)
        gradients = tape.gradient(loss, self.model.trainable_variables)
        gradients, _ = tf.clip_by_global_norm(gradients, self.settings["clip"])
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables))
        return loss

    def evaluate(self, x, y):
        return tf.reduce_mean(tf.abs(self.model(x, training=False) - y)) * CONFIG["clip"]


def scaled(loss, state):
    return loss * state["scale"]


verbose = False
weight = tf.Variable(tf.zeros([3]))


def alternating_step(x):
    if verbose:
        logger.debug("a step")
    weight.assign_sub(0.02 * (weight - tf.reduce_mean(x, axis=0)))


tf.keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
trainer = Trainer()
for epoch in range(EPOCHS):
    CONFIG["epoch"] = trainer.epoch = trainer.state["epoch"] = epoch
    trainer.bar = Bar(STEPS)
    if epoch == 8:
        trainer.optimizer.learning_rate.assign(0.002)
    for step in range(STEPS):
        verbose = step % 6 == 0
        x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
        y = x @ tf.constant([[1.0], [-2.0], [0.5]])
        loss = float(trainer.train_step(x, y))
        error = float(trainer.evaluate(x, y))
        alternating_step(x)
        trainer.steps += 1
        trainer.history.append(loss)
        trainer.bar.update(loss)
        trainer.settings["best"] = trainer.best = min(trainer.best, error)
        logger.debug("step %d: loss %f", trainer.steps, loss)
    print(f"epoch {epoch}: loss {loss:.5f} error {error:.5f} weight {weight.numpy()}")
