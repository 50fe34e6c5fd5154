"""An LSTM cell written by hand and unrolled over time by a Python loop over the static length."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

UNITS = 4
tf.random.set_seed(0)
kernel = tf.Variable(tf.random.normal([2 + UNITS, 4 * UNITS], stddev=0.3))
bias = tf.Variable(tf.zeros([4 * UNITS]))
head = tf.Variable(tf.random.normal([UNITS, 1], stddev=0.3))


def lstm_cell(x, hidden, cell):
    gates = tf.concat([x, hidden], axis=1) @ kernel + bias
    update, forget, output, candidate = tf.split(gates, 4, axis=1)
    cell = tf.sigmoid(forget) * cell + tf.sigmoid(update) * tf.tanh(candidate)
    return tf.sigmoid(output) * tf.tanh(cell), cell


def train_step(sequences, y):
    variables = [kernel, bias, head]
    with tf.GradientTape() as tape:
        hidden = cell = tf.zeros([sequences.shape[0], UNITS])
        for t in range(sequences.shape[1]):
            hidden, cell = lstm_cell(sequences[:, t], hidden, cell)
        loss = tf.reduce_mean((hidden @ head - y) ** 2)
    for variable, gradient in zip(variables, tape.gradient(loss, variables)):
        variable.assign_sub(0.3 * gradient)
    return loss


rng = np.random.default_rng(0)
sequences = tf.constant(rng.normal(size=(8, 5, 2)), tf.float32)
y = tf.constant(rng.normal(size=(8, 1)), tf.float32)
for i in range(20):
    loss = train_step(sequences, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
