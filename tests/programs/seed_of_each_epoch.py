"""Each epoch has a seed of its own, so that it can be repeated alone; the noise of the step comes from it."""
# truth: unsafe train_step kept-seed
# note: a graph keeps the seed of its trace, so the epochs would share their noise
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    x = x + tf.random.normal(tf.shape(x), stddev=0.3)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


for epoch in range(8):
    tf.random.set_seed(epoch)
    for _ in range(10):
        x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
        loss = train_step(x, x @ tf.constant([[1.0], [-2.0], [0.5]]))
    print(f"epoch {epoch}: loss {float(loss):.5f} w {w.numpy().ravel()}")
