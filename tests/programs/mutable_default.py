"""A mutable default argument accumulates over the calls: tf.function sees its argument changed, or keeps a tensor."""
# truth: unsafe train_step mutated-argument
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y, history=[]):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    history.append(loss)
    return tf.add_n(history) / len(history)


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    mean_loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: mean loss so far {float(mean_loss):.5f}")
