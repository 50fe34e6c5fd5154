"""An exponential moving average of the weights is kept in shadow variables and evaluated by the loop."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
weights = [tf.Variable(tf.random.normal([3, 4])), tf.Variable(tf.random.normal([4, 1]))]
averages = [tf.Variable(weight, trainable=False) for weight in weights]


def forward(parameters, x):
    return tf.nn.relu(x @ parameters[0]) @ parameters[1]


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((forward(weights, x) - y) ** 2)
    for weight, gradient in zip(weights, tape.gradient(loss, weights)):
        weight.assign_sub(0.05 * gradient)
    for average, weight in zip(averages, weights):
        average.assign(0.9 * average + 0.1 * weight)
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(24):
    loss = train_step(x, y)
    if i % 6 == 5:
        averaged = tf.reduce_mean((forward(averages, x) - y) ** 2)
        print(f"step {i + 1}: loss {float(loss):.5f} averaged {float(averaged):.5f}")
