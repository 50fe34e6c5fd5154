"""Each call appends its loss to a global list: a trace appends once, and the entry cannot be read."""
# truth: unsafe train_step tensor-leak
import numpy as np
import tensorflow as tf

HISTORY = []

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    HISTORY.append(loss)


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for epoch in range(3):
    for _ in range(8):
        train_step(x, y)
    print(f"epoch {epoch}: weight norm {float(tf.norm(w)):.5f}")
print(f"{len(HISTORY)} losses, mean {float(tf.add_n(HISTORY)) / len(HISTORY):.5f}")
