"""The step appends a line to a log file: the graph writes it while it is traced, and no more."""
# truth: unsafe train_step lost-write
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    with open("steps.log", "a") as log:
        log.write(f"{x.shape[0]} rows\n")
    return loss


open("steps.log", "w").close()
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
with open("steps.log") as log:
    print(len(log.readlines()), "lines logged")
