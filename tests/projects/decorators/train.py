"""Methods of every kind, under decorators of the project's own, with every kind of parameter."""

import functools
import time

import numpy as np
import tensorflow as tf

SECONDS = {}


def timed(function):
    """Above: it sees each call, whether the function below is a graph or not."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        begun = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            SECONDS[function.__name__] = SECONDS.get(function.__name__, 0.0) + time.perf_counter() - begun

    return wrapper


def scaled(factor):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return factor * function(*args, **kwargs)

        return wrapper

    return decorate


class Net:
    depth = 2

    def __init__(self):
        self.weights = [tf.Variable(tf.eye(4) * 0.5) for _ in range(self.depth)]
        self.rate = 0.05

    @property
    def output(self):
        return tf.add_n([tf.reduce_sum(weight) for weight in self.weights])

    @staticmethod
    @scaled(0.5)
    def activate(x, *, slope=0.1):
        return tf.maximum(x, slope * x)

    @classmethod
    @scaled(1.0)
    def distance(cls, one, other, *rest, power=2):
        total = tf.reduce_mean(tf.abs(one - other) ** power)
        for each in rest:
            total += tf.reduce_mean(tf.abs(each) ** power)
        return total / cls.depth

    @scaled(1.0)
    def forward(self, x, scale=1.0):
        for weight in self.weights:
            x = self.activate(x @ weight, slope=0.2)
        return scale * x


class Trained(Net):
    def forward(self, x, scale=1.0):
        return super().forward(x, scale) + x

    @timed
    def measured(self, x):
        return tf.reduce_mean(x**2)

    def timed_loss(self, x):
        """Below it a decorator counts seconds for each call: as a graph, for the first one only."""
        return self.measured(self.forward(x))

    @timed
    def step(self, x, *, target):
        with tf.GradientTape() as tape:
            loss = self.distance(self.forward(x), target, power=2)
        for weight, gradient in zip(self.weights, tape.gradient(loss, self.weights), strict=True):
            weight.assign_sub(self.rate * gradient)
        return loss


generator = np.random.default_rng(0)
net = Trained()
for number in range(60):
    x = tf.constant(generator.normal(size=(6, 4)), tf.float32)
    loss = net.step(x, target=2.0 * x)
    size = net.output
    far = Net.distance(x, x * 2.0, x, power=2)
    half = Net.activate(x, slope=0.3) + net.timed_loss(x)
    if number % 10 == 9:
        print(f"step {number}: loss {float(loss):.5f} {float(size):.4f} {float(far):.4f} {float(tf.norm(half)):.4f}")
