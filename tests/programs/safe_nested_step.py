"""A nested step, made once, closes over constants, variables and an optimizer that never change in Python."""
# truth: safe make_step.<locals>.train_step
import numpy as np
import tensorflow as tf


def make_step(w, rate, clip):
    optimizer = tf.keras.optimizers.SGD(rate)

    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ w - y) ** 2)
        gradient = tf.clip_by_norm(tape.gradient(loss, w), clip)
        optimizer.apply_gradients([(gradient, w)])
        return loss

    return train_step


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
train_step = make_step(tf.Variable(tf.zeros([3, 1])), rate=0.2, clip=0.5)
for i in range(24):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
