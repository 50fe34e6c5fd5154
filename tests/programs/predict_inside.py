"""The step takes its targets from model.predict(), which runs a loop of its own and cannot be traced."""
# truth: unsafe train_step eager-only
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
teacher = tf.keras.Sequential([tf.keras.Input([3]), tf.keras.layers.Dense(1)])
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x):
    target = teacher.predict(x, verbose=0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.matmul(x, w) - target) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


x = tf.constant(np.random.default_rng(0).normal(size=(8, 3)), tf.float32)
for i in range(12):
    loss = train_step(x)
    if i % 4 == 3:
        print(f"step {i + 1}: loss {float(loss):.5f}")
