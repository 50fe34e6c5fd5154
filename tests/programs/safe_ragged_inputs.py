"""Ragged rows as an argument: composite tensors go through a graph as one argument, of one signature."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
embedding = tf.Variable(tf.random.normal([8, 3], stddev=0.3))
head = tf.Variable(tf.random.normal([3, 1], stddev=0.3))


def train_step(sentences, y):
    with tf.GradientTape() as tape:
        vectors = tf.reduce_mean(tf.gather(embedding, sentences), axis=1)
        loss = tf.reduce_mean((vectors @ head - y) ** 2)
    embedding_gradient, head_gradient = tape.gradient(loss, [embedding, head])
    embedding.assign_sub(0.3 * tf.convert_to_tensor(embedding_gradient))
    head.assign_sub(0.3 * head_gradient)
    return loss


sentences = tf.ragged.constant([[1, 2, 3], [4], [5, 6], [7, 0, 1]])
y = tf.constant([[1.0], [-1.0], [0.5], [0.0]])
for i in range(24):
    loss = train_step(sentences, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
