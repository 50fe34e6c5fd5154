"""A nested step counts with `nonlocal` and another closure reads the count: the count freezes."""
# truth: unsafe make_trainer.<locals>.train_step lost-count
import numpy as np
import tensorflow as tf


def make_trainer():
    w = tf.Variable(tf.zeros([3, 1]))
    steps = 0

    def train_step(x, y):
        nonlocal steps
        steps += 1
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ w - y) ** 2)
        w.assign_sub(0.05 * tape.gradient(loss, w))
        return loss

    def steps_taken():
        return steps

    return train_step, steps_taken


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
train_step, steps_taken = make_trainer()
for i in range(18):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {steps_taken()}: loss {float(loss):.5f}")
