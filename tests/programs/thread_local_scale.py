"""Two threads take turns with a scale each in a threading.local: the graph has the scale of the first one."""
# truth: unsafe train_step late-state-of-threads
import threading

import numpy as np
import tensorflow as tf

local = threading.local()

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = local.scale * tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


def work(name, scale):
    local.scale = scale
    for _ in range(6):
        loss = train_step(x, y)
    print(f"{name}: loss {float(loss):.5f}")


for turn in range(2):
    for name, scale in (("calm", 0.2), ("eager", 1.5)):
        worker = threading.Thread(target=work, args=(name, scale))
        worker.start()
        worker.join()
