"""The weights live in a global dict; the step looks them up by name and never changes the dict itself."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
PARAMETERS = {
    "w1": tf.Variable(tf.random.normal([3, 5], stddev=0.4)),
    "b1": tf.Variable(tf.zeros([5])),
    "w2": tf.Variable(tf.random.normal([5, 1], stddev=0.4)),
}


def train_step(x, y):
    with tf.GradientTape() as tape:
        hidden = tf.nn.relu(x @ PARAMETERS["w1"] + PARAMETERS["b1"])
        loss = tf.reduce_mean((hidden @ PARAMETERS["w2"] - y) ** 2)
    for name, gradient in tape.gradient(loss, PARAMETERS).items():
        PARAMETERS[name].assign_sub(0.1 * gradient)
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(24):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
