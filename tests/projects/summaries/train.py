"""Summaries and checkpoints are written beside the training, from inside of the step and from outside."""

import numpy as np
import tensorflow as tf

weights, step = tf.Variable(tf.zeros([3, 1])), tf.Variable(0, dtype=tf.int64)
writer = tf.summary.create_file_writer("logs")
checkpoints = tf.train.CheckpointManager(tf.train.Checkpoint(weights=weights, step=step), "checkpoints", 2)


def train_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weights - 1.0) ** 2)
    weights.assign_sub(0.05 * tape.gradient(loss, weights))
    step.assign_add(1)
    tf.summary.scalar("loss", loss, step=step)
    return loss


generator = np.random.default_rng(0)
with writer.as_default():
    for number in range(40):
        loss = train_step(tf.constant(generator.normal(size=(8, 3)), tf.float32))
        if number % 10 == 9:
            print(f"step {number}: loss {float(loss):.5f} saved {checkpoints.save()}")
