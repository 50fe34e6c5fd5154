"""The step makes a new Adam for each call, whose slots start at zero: a tf.function refuses its variables."""
# truth: unsafe train_step optimizer-per-call
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    optimizer = tf.keras.optimizers.Adam(0.02)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
