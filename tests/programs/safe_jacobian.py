"""A Jacobian by the tape, and rows by `vectorized_map`: TensorFlow makes the functions for them anew in each call."""
# truth: safe linearize
# truth: safe penalty
# note: the functions have other names in each call, and are the same all the same
import numpy as np
import tensorflow as tf

weights = tf.Variable(tf.random.stateless_normal([3, 2], [1, 2], dtype=tf.float64) * 0.3)
shift = tf.Variable(tf.zeros([2], tf.float64))


def linearize(x, y):
    with tf.GradientTape() as tape:
        residuals = tf.reshape(tf.tanh(x @ weights + shift) - y, [-1])
    blocks = tape.jacobian(residuals, [weights, shift])
    return residuals, tf.concat([tf.reshape(block, [tf.shape(residuals)[0], -1]) for block in blocks], axis=1)


def penalty(matrix):
    return tf.reduce_mean(tf.vectorized_map(lambda row: tf.reduce_sum(row * row), matrix))


generator = np.random.default_rng(0)
x = tf.constant(generator.normal(size=(60, 3)))
y = tf.tanh(x @ tf.constant([[1.0, 0.2], [-0.5, 0.3], [0.1, 0.8]], tf.float64))
for step in range(24):
    rows = generator.permutation(60)[:20]
    residuals, matrix = linearize(tf.gather(x, rows), tf.gather(y, rows))
    normal = tf.matmul(matrix, matrix, transpose_a=True) + 0.5 * tf.eye(8, dtype=tf.float64)
    delta = tf.linalg.solve(normal, tf.linalg.matvec(matrix, residuals, transpose_a=True)[:, None])[:, 0]
    weights.assign_sub(tf.reshape(delta[:6], [3, 2]))
    shift.assign_sub(delta[6:])
    size = penalty(matrix)
    if step % 6 == 5:
        print(f"{step + 1}: {float(tf.reduce_sum(residuals**2)):.6f}, penalty {float(size):.5f}")
