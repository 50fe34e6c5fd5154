"""Effects that lie deep: text in a buffer of C, an attribute of an element of a set, an entry in a large dict."""
# truth: unsafe buffered_step lost-write
# truth: unsafe marked_step lost-write
# truth: unsafe replayed_step lost-append
import io

import numpy as np
import tensorflow as tf


class Probe:
    def __init__(self):
        self.shown = ""


buffer = io.StringIO()
probes = {Probe() for _ in range(5)}
replay = {number: {"episode": number, "transitions": [number]} for number in range(5000)}
weights = [tf.Variable(tf.zeros([3, 1])) for _ in range(3)]


def descend(weight, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weight - y) ** 2)
    weight.assign_sub(0.05 * tape.gradient(loss, weight))
    return loss


def buffered_step(x, y):
    buffer.write(f"{x.shape[0]} rows\n")
    return descend(weights[0], x, y)


def marked_step(x, y):
    for probe in probes:
        probe.shown += "."
    return descend(weights[1], x, y)


def replayed_step(x, y):
    replay[2500]["transitions"].append(int(x.shape[0]))
    return descend(weights[2], x, y)


rng = np.random.default_rng(0)
for step in range(20):
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    y = x @ tf.constant([[1.0], [-2.0], [0.5]])
    losses = buffered_step(x, y), marked_step(x, y), replayed_step(x, y)
    if step % 5 == 4:
        print(f"step {step + 1}:", *(f"{float(loss):.5f}" for loss in losses))
        print(len(buffer.getvalue()), max(len(probe.shown) for probe in probes), len(replay[2500]["transitions"]))
