"""Configuration objects as they are written: items read as attributes, and anything missing an error or an object."""

import numpy as np
import tensorflow as tf


class Config(dict):
    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__


class Tree(dict):
    def __init__(self, **items):
        super().__init__(**items)
        self.__dict__ = self


class Anything:
    """Attributes come into being when they are asked for; asking for none of ours may make one."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        self.__dict__[name] = Anything()
        return self.__dict__[name]


class Lazy:
    def __init__(self):
        self.reads = 0

    @property
    def shape(self):
        self.reads += 1
        return ()

    @property
    def python_function(self):
        raise RuntimeError("nobody should ask")


class Trainer:
    def __init__(self, config, tree):
        self.config, self.tree, self.extra, self.lazy = config, tree, Anything(), Lazy()
        self.weights = tf.Variable(tf.zeros([3, 1]))

    def step(self, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.weights - self.tree.model.target) ** 2)
        self.weights.assign_sub(self.config.rate * tape.gradient(loss, self.weights))
        return loss

    def penalty(self, config):
        """As an argument of a graph the configuration is a dictionary, and TensorFlow asks it for attributes."""
        return config.rate * tf.reduce_sum(self.weights**2)


generator = np.random.default_rng(0)
config = Config(rate=0.05, name="run")
trainer = Trainer(config, Tree(model=Tree(target=1.0)))
for number in range(40):
    loss = trainer.step(tf.constant(generator.normal(size=(8, 3)), tf.float32)) + trainer.penalty(config)
    if number % 10 == 9:
        print(f"step {number}: loss {float(loss):.5f} reads {trainer.lazy.reads} extra {len(vars(trainer.extra))}")
