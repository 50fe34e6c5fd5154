"""A Python flag unfreezes the encoder after epoch 2: the graph of the first epoch never trains it.

The flag flips late, after sixteen steps that agree.
"""
# truth: unsafe train_step baked-branch
import numpy as np
import tensorflow as tf

TRAIN_ENCODER = False

tf.random.set_seed(0)
encoder = tf.Variable(tf.random.normal([3, 4], stddev=0.5))
head = tf.Variable(tf.random.normal([4, 1], stddev=0.5))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.tanh(x @ encoder) @ head - y) ** 2)
    encoder_gradient, head_gradient = tape.gradient(loss, [encoder, head])
    head.assign_sub(0.1 * head_gradient)
    if TRAIN_ENCODER:
        encoder.assign_sub(0.1 * encoder_gradient)
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for epoch in range(4):
    TRAIN_ENCODER = epoch >= 2
    for _ in range(8):
        loss = train_step(x, y)
    print(f"epoch {epoch}: loss {float(loss):.5f} encoder norm {float(tf.norm(encoder)):.5f}")
