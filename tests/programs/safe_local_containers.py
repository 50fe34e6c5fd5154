"""Lists and dicts that live and die within the call may be appended to and changed at will."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
heads = [tf.Variable(tf.random.normal([3, 1], stddev=0.3)) for _ in range(3)]


def train_step(x, y):
    losses = []
    parts = {}
    with tf.GradientTape() as tape:
        for i, head in enumerate(heads):
            error = x @ head - y[:, i : i + 1]
            losses.append(tf.reduce_mean(error**2))
            parts[f"head{i}"] = losses[-1]
        parts["total"] = tf.add_n(losses)
    updates = [0.04 * gradient for gradient in tape.gradient(parts["total"], heads)]
    while updates:
        heads[len(updates) - 1].assign_sub(updates.pop())
    parts.pop("head0")
    return parts


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = tf.cumsum(x, axis=1)
for i in range(24):
    parts = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}:", " ".join(f"{name} {float(parts[name]):.5f}" for name in sorted(parts)))
