"""Sequences of a few lengths, masks by length, a last batch that is shorter, and a Python flag that is passed."""

import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
table = tf.Variable(tf.random.normal((11, 8), stddev=0.1))
query, key, value = (tf.Variable(tf.random.normal((8, 8), stddev=0.3)) for _ in range(3))
weights = [table, query, key, value]


def attend(x, causal):
    scores = tf.einsum("btd,bsd->bts", x @ query, x @ key) / tf.sqrt(8.0)
    if causal:
        length = tf.shape(x)[1]
        scores += (1.0 - tf.linalg.band_part(tf.ones((length, length)), -1, 0)) * -1e9
    return tf.nn.softmax(scores) @ (x @ value)


def train_step(tokens, causal):
    with tf.GradientTape() as tape:
        x = tf.gather(table, tokens[:, :-1])
        logits = attend(x, causal) @ tf.transpose(table)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(tokens[:, 1:], logits))
    for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
        weight.assign_sub(0.1 * tf.convert_to_tensor(gradient))
    return loss


generator = np.random.default_rng(0)
for epoch in range(8):
    for rows, length in ((4, 6), (4, 6), (4, 9), (4, 9), (3, 6)):
        loss = train_step(tf.constant(generator.integers(0, 11, (rows, length)), tf.int32), True)
    print(f"epoch {epoch}: loss {float(loss):.5f}")
