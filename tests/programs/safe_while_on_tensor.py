"""A while loop over tensors: AutoGraph makes a tf.while_loop of it, with as many turns as eager takes."""
# truth: safe newton_root
# truth: safe train_step
import numpy as np
import tensorflow as tf

scale = tf.Variable(1.0)


def newton_root(value):
    root = value
    turns = tf.constant(0)
    while tf.abs(root * root - value) > 1e-4 * value:
        root = 0.5 * (root + value / root)
        turns += 1
    return root, turns


def train_step(value, target):
    with tf.GradientTape() as tape:
        root, turns = newton_root(scale * value)
        loss = (root - target) ** 2
    scale.assign_sub(0.05 * tape.gradient(loss, scale))
    return loss, turns


for i in range(24):
    value = tf.constant(1.0 + 2.0 * (i % 4))
    loss, turns = train_step(value, tf.sqrt(1.5 * value))
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.6f} in {int(turns)} turns, scale {float(scale):.5f}")
