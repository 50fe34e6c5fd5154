"""A return inside a loop over a tensor cannot be carried by a graph's loop."""
# truth: unsafe train_step autograph-loop
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(batches):
    for batch in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((batch @ w - 1.0) ** 2)
        if loss < 0.2:
            return loss
        w.assign_sub(0.02 * tape.gradient(loss, w))
    return tf.constant(-1.0)


batches = tf.constant(rng.normal(loc=1.0, scale=0.3, size=(3, 8, 3)), tf.float32)
for i in range(12):
    loss = train_step(batches)
    if i % 3 == 2:
        print(f"step {i + 1}: loss {float(loss):.5f}")
