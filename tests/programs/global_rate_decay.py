"""Another function rebinds the global learning rate that the step reads: the graph keeps the first rate."""
# truth: unsafe train_step baked-global
import numpy as np
import tensorflow as tf

LEARNING_RATE = 0.1

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def decay():
    global LEARNING_RATE
    LEARNING_RATE *= 0.5


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(LEARNING_RATE * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(30):
    loss = train_step(x, y)
    if i % 5 == 4:
        decay()
        print(f"step {i + 1}: loss {float(loss):.5f} next rate {LEARNING_RATE:.4f}")
