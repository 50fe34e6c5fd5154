"""Options by argparse and everything built under `if __name__ == "__main__"`; the step is given all it needs."""
# truth: safe train_step
# args: --steps 24 --rate 0.05
import argparse

import numpy as np
import tensorflow as tf


def train_step(w, x, y, rate):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(rate * tape.gradient(loss, w))
    return loss


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rate", type=float, default=0.1)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    w = tf.Variable(tf.zeros([3, 1]))
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    y = x @ tf.constant([[1.0], [-2.0], [0.5]])
    for i in range(options.steps):
        loss = train_step(w, x, y, options.rate)
        if i % 6 == 5:
            print(f"step {i + 1} of {options.steps}: loss {float(loss):.5f}")
