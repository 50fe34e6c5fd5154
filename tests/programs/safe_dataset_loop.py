"""Batches come from a shuffled tf.data pipeline that maps a function of the program's: only the last is smaller."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def scale(x, y):
    return x / 2.0, y


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.2 * tape.gradient(loss, w))
    return loss


x = rng.normal(size=(38, 3)).astype("float32")
y = x @ np.array([[1.0], [-2.0], [0.5]], np.float32)
dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(38, seed=1).map(scale).batch(4)
for epoch in range(3):
    for batch, targets in dataset:
        loss = train_step(batch, targets)
    print(f"epoch {epoch}: loss {float(loss):.5f}")
