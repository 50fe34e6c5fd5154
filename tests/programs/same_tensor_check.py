"""`x is PREVIOUS` tests whether two tensors are the same object: an argument of a graph never is."""
# truth: unsafe train_step identity
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
BATCHES = [tf.constant(rng.normal(size=(8, 3)), tf.float32) for _ in range(3)]
HARD = BATCHES[1]
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x):
    weight = 3.0 if x is HARD else 1.0
    with tf.GradientTape() as tape:
        loss = weight * tf.reduce_mean((x @ w - 1.0) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


for epoch in range(6):
    for x in BATCHES:
        loss = train_step(x)
    print(f"epoch {epoch}: loss {float(loss):.5f}")
