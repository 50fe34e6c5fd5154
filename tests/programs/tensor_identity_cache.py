"""Features are cached by the tensor's reference: a graph's cache holds its own placeholder, and counts one miss."""
# truth: unsafe train_step identity
import numpy as np
import tensorflow as tf

CACHE = {}
lookups = {"hit": 0, "miss": 0}

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([6, 1]))


def features(x):
    if x.ref() in CACHE:
        lookups["hit"] += 1
    else:
        lookups["miss"] += 1
        CACHE[x.ref()] = tf.concat([x, x**2], axis=1)
    return CACHE[x.ref()]


def train_step(x, y):
    inputs = features(x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((inputs @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


batches = [tf.constant(rng.normal(size=(8, 3)), tf.float32) for _ in range(4)]
y = tf.constant(rng.normal(size=(8, 1)), tf.float32)
for epoch in range(5):
    for x in batches:
        loss = train_step(x, y)
    print(f"epoch {epoch}: loss {float(loss):.5f} cache {lookups}")
