"""A list is appended to in a loop over tf.range and stacked after it: AutoGraph needs a TensorArray there."""
# truth: unsafe train_step autograph-loop
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(0.5 * tf.eye(3))


def train_step(state, target, steps):
    with tf.GradientTape() as tape:
        states = []
        for _ in tf.range(steps):
            state = tf.tanh(state @ w)
            states.append(state)
        loss = tf.reduce_mean((tf.stack(states) - target) ** 2)
    w.assign_sub(0.2 * tape.gradient(loss, w))
    return loss


state = tf.constant(rng.normal(size=(4, 3)), tf.float32)
target = tf.constant(rng.normal(size=(4, 3)), tf.float32)
for i in range(12):
    loss = train_step(state, target, tf.constant(3))
    if i % 4 == 3:
        print(f"step {i + 1}: loss {float(loss):.5f}")
