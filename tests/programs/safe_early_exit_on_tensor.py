"""An early return and a break on tensor conditions: AutoGraph carries both into the graph.

Both ways through the step are taken: while the loss is large it updates, then it leaves the weights alone.
"""
# truth: safe train_step
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    if loss < 0.05:
        return loss
    gradient = tape.gradient(loss, w)
    rate = 0.1
    for _ in tf.range(5):
        if tf.norm(rate * gradient) < 0.12:
            break
        rate = rate * 0.5
    w.assign_sub(rate * gradient)
    return loss


for i in range(30):
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    loss = train_step(x, x @ tf.constant([[1.0], [-1.0], [0.5]]))
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f} weight norm {float(tf.norm(w)):.5f}")
