"""Each phase of the training is called once and gives a number; the step that all phases call is what a graph is for."""
# truth: unsafe warm_up eager-only
# truth: unsafe train eager-only
# truth: unsafe fine_tune eager-only
# truth: safe step
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
weight = tf.Variable(tf.zeros([3, 1]))


def step(x, y, rate):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weight - y) ** 2)
    weight.assign_sub(rate * tape.gradient(loss, weight))
    return loss


def batch():
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    return x, x @ tf.constant([[1.0], [-2.0], [0.5]])


def warm_up(batches):
    for x, y in batches:
        loss = step(x, y, tf.constant(0.01))
    return loss.numpy().item()


def train(batches):
    for x, y in batches:
        loss = step(x, y, tf.constant(0.1))
    return loss.numpy().item()


def fine_tune(batches):
    for x, y in batches:
        loss = step(x, y, tf.constant(0.02))
    return loss.numpy().item()


for phase in (warm_up, train, fine_tune):
    print(f"{phase([batch() for _ in range(5)]):.5f}")
