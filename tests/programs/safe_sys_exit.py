"""The program ends by sys.exit with a status of its own, as many scripts do."""
# truth: safe train_step
import sys

import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


def main():
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    y = x @ tf.constant([[1.0], [-2.0], [0.5]])
    for i in range(24):
        loss = train_step(x, y)
        if i % 6 == 5:
            print(f"step {i + 1}: loss {float(loss):.5f}")
    return 0 if loss < 2.0 else 5


if __name__ == "__main__":
    sys.exit(main())
