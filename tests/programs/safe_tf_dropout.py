"""tf.nn.dropout is a random op: other numbers in a graph than eagerly, the same with one random stream."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
w1 = tf.Variable(tf.random.normal([3, 8], stddev=0.4))
w2 = tf.Variable(tf.random.normal([8, 1], stddev=0.4))


def train_step(x, y):
    with tf.GradientTape() as tape:
        hidden = tf.nn.dropout(tf.nn.relu(x @ w1), rate=0.4)
        loss = tf.reduce_mean((hidden @ w2 - y) ** 2)
    gradient_1, gradient_2 = tape.gradient(loss, [w1, w2])
    w1.assign_sub(0.1 * gradient_1)
    w2.assign_sub(0.1 * gradient_2)
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(24):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
