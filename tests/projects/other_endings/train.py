"""Ends otherwise than after a number of steps: by the clock, by a tolerance, by patience, or after two phases."""

import argparse
import time

import numpy as np
import tensorflow as tf

parser = argparse.ArgumentParser()
parser.add_argument("how", choices=["clock", "tolerance", "patience", "phases"])
how = parser.parse_args().how

generator = np.random.default_rng(0)
inputs = generator.normal(size=(256, 8)).astype("float32")
targets = (inputs @ generator.normal(size=(8, 1)) + 0.1 * generator.normal(size=(256, 1))).astype("float32")
layers = [tf.Variable(0.3 * tf.random.stateless_normal(shape, (1, 2))) for shape in ([8, 16], [16, 16], [16, 1])]
speeds = [tf.Variable(tf.zeros_like(layer)) for layer in layers]


def predict(x):
    for layer in layers[:-1]:
        x = tf.nn.tanh(x @ layer)
    return x @ layers[-1]


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((predict(x) - y) ** 2)
    gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, layers), 1.0)
    for layer, speed, gradient in zip(layers, speeds, gradients):
        speed.assign(0.8 * speed + gradient)
        layer.assign_sub(0.01 * speed)
    return loss


def refine(x, y):
    """Smaller steps, and more of them, as after training: another unit of work than `train_step`."""
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.abs(predict(x) - y))
        for layer, gradient in zip(layers, tape.gradient(loss, layers)):
            layer.assign_sub(0.001 * gradient)
    return loss


x, y = tf.constant(inputs), tf.constant(targets)
steps, loss = 0, np.inf
if how == "clock":
    end = time.monotonic() + 12.0
    while time.monotonic() < end:
        loss = float(train_step(x, y))
        steps += 1
elif how == "tolerance":
    last = np.inf
    loss = float(train_step(x, y))
    while abs(last - loss) > 1e-6 and steps < 4000:
        last, loss = loss, float(train_step(x, y))
        steps += 1
elif how == "patience":
    best, waited = np.inf, 0
    while waited < 20 and steps < 4000:
        loss = float(train_step(x, y))
        waited = 0 if loss < best - 1e-5 else waited + 1
        best, steps = min(best, loss), steps + 1
else:
    for steps in range(1, 401):
        loss = float(train_step(x, y))
    print(f"trained: loss {loss:.3f}")
    for steps in range(401, 701):
        loss = float(refine(x, y))
print(f"done: loss {loss:.3f}")
