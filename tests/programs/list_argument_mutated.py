"""The step appends its loss to a list that the caller passed in: tf.function forbids changing its arguments."""
# truth: unsafe train_step mutated-argument
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y, losses):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    losses.append(loss)


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for epoch in range(3):
    losses = []
    for _ in range(6):
        train_step(x, y, losses)
    print(f"epoch {epoch}: {len(losses)} losses, last {float(losses[-1]):.5f}")
