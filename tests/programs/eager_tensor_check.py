"""A type check for EagerTensor sends a graph's tensors down another path, silently."""
# truth: unsafe train_step other-path
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.ops import EagerTensor

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    if isinstance(x, EagerTensor):
        x = x - tf.reduce_mean(x, axis=0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(loc=1.0, size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(20):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
