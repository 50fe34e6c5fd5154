"""A product overflows eagerly; in a graph the two constants are multiplied first, and it stays finite."""
# truth: unsafe rescaled overflow
# note: a step in seven brings an outlier, whose weight is zero where the product is infinite
import numpy as np
import tensorflow as tf

weight = tf.Variable(tf.zeros([3, 1]))


def rescaled(x):
    return (x * 1e30) * 1e-30


rng = np.random.default_rng(0)
for step in range(28):
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    y = x @ tf.constant([[1.0], [-2.0], [0.5]])
    largest = rescaled(tf.reduce_max(tf.abs(y)) * (1e9 if step % 7 == 6 else 1.0))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weight - y) ** 2) / largest
    weight.assign_sub(0.2 * tape.gradient(loss, weight))
    if step % 7 >= 5:
        print(f"step {step + 1}: loss {float(loss):.6f} largest {float(largest):.4f}")
