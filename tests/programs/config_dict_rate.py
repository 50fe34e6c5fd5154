"""The learning rate lives in a config dict that the loop changes by epoch: the graph keeps the first value."""
# truth: unsafe train_step baked-global
import numpy as np
import tensorflow as tf

CONFIG = {"rate": 0.08, "l2": 0.01}

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2) + CONFIG["l2"] * tf.reduce_sum(w**2)
    w.assign_sub(CONFIG["rate"] * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for epoch in range(4):
    CONFIG["rate"] = 0.08 / (1 + 2 * epoch)
    for _ in range(6):
        loss = train_step(x, y)
    print(f"epoch {epoch}: loss {float(loss):.5f}")
