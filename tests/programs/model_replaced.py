"""The loop restarts from a new set of weights half way: the graph goes on training the old ones."""
# truth: unsafe train_step rebound-object
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)


def new_weights():
    return {"w": tf.Variable(tf.random.normal([3, 1])), "b": tf.Variable(tf.zeros([1]))}


weights = new_weights()


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weights["w"] + weights["b"] - y) ** 2)
    gradients = tape.gradient(loss, weights)
    for name in weights:
        weights[name].assign_sub(0.1 * gradients[name])
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
best = []
for restart in range(2):
    if restart:
        weights = new_weights()
    for i in range(12):
        loss = train_step(x, y)
    best.append(weights)
    print(f"restart {restart}: loss {float(loss):.5f} norm {float(tf.norm(weights['w'])):.5f}")
