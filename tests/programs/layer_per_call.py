"""Each call makes a new Keras layer, fresh random features: a tf.function refuses its variables."""
# truth: unsafe train_step layer-per-call
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([6, 1]))


def train_step(x, y):
    features = tf.keras.layers.Dense(6, activation="tanh")(x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((features @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss = train_step(x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
