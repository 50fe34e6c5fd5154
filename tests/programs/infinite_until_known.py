"""Module globals that are infinite, or zero beside an infinity, until the first result is known."""
# truth: unsafe gain_step baked-global
# truth: unsafe bounded_step baked-global
# note: the first trace keeps an infinity and a NaN, with which comparisons and results differ for ever
import math

import numpy as np
import tensorflow as tf

BEST, SCALE = math.inf, 0.0
weights = [tf.Variable(tf.zeros([3, 1])) for _ in range(2)]


def descend(weight, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weight - y) ** 2)
    weight.assign_sub(0.05 * tape.gradient(loss, weight))
    return loss


def gain_step(x, y):
    return BEST - descend(weights[0], x, y)


def bounded_step(x, y):
    return descend(weights[1], x, y) * 0.0 + SCALE * math.inf


rng = np.random.default_rng(0)
for step in range(24):
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    y = x @ tf.constant([[1.0], [-2.0], [0.5]])
    gain, bound = gain_step(x, y), bounded_step(x, y)
    if step == 8:
        BEST, SCALE = 1.0, 1.0
    if step % 6 == 5:
        print(f"step {step + 1}: gain {float(gain):.5f} bound {float(bound)}", *weights[1].numpy()[:, 0])
