"""The step returns the optimizer's counter, a variable of Keras, which is only converted: a graph gives its value."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

w = tf.Variable(tf.zeros([3, 1]))
optimizer = tf.keras.optimizers.SGD(0.05)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    return loss, optimizer.iterations


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for _ in range(24):
    loss, done = train_step(x, y)
    if int(done) % 6 == 0:
        print(f"step {int(done)}: loss {float(loss):.5f}")
