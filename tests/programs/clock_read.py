"""The step stamps its result with the time: a graph stamps every result with the time of its trace."""
# truth: unsafe train_step frozen-time
import time

import tensorflow as tf

x = tf.reshape(tf.range(12.0), [6, 2]) / 12.0
y = tf.reduce_sum(x, axis=1, keepdims=True)
w = tf.Variable(tf.zeros([2, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.1 * tape.gradient(loss, w))
    return loss, tf.constant(time.perf_counter_ns())


stamps = set()
for i in range(16):
    loss, stamp = train_step(x, y)
    stamps.add(int(stamp))
    if i % 4 == 3:
        print(f"step {i + 1}: loss {float(loss):.5f}")
print(f"{len(stamps)} distinct stamps")
