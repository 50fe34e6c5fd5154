"""A tensor grows in a loop over a tensor: a loop-carried shape may not change in a graph."""
# truth: unsafe train_step autograph-loop
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(0.5 * tf.eye(3))


def train_step(state, target, steps):
    with tf.GradientTape() as tape:
        path = state
        for _ in tf.range(steps):
            state = tf.tanh(state @ w)
            path = tf.concat([path, state], axis=0)
        loss = tf.reduce_mean((path - target) ** 2)
    w.assign_sub(0.2 * tape.gradient(loss, w))
    return loss


state = tf.constant(rng.normal(size=(1, 3)), tf.float32)
target = tf.constant(rng.normal(size=(1, 3)), tf.float32)
for i in range(12):
    loss = train_step(state, target, tf.constant(3))
    if i % 4 == 3:
        print(f"step {i + 1}: loss {float(loss):.5f}")
