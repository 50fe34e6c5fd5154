"""Each call makes a tf.Variable for its accumulator: a tf.function may create variables on its first call only."""
# truth: unsafe train_step variable-per-call
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    total = tf.Variable(tf.zeros([3, 1]))
    for half in (0, 1):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x[half::2] @ w - y[half::2]) ** 2)
        total.assign_add(tape.gradient(loss, w))
    w.assign_sub(0.03 * total)
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
