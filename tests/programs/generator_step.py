"""Training written as a generator: tf.function cannot return one, and AutoGraph does not convert it."""
# truth: unsafe training generator
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def training(x, y, steps):
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ w - y) ** 2)
        w.assign_sub(0.05 * tape.gradient(loss, w))
        yield loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for epoch in range(12):
    for loss in training(x, y, steps=2):
        pass
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1}: loss {float(loss):.5f}")
