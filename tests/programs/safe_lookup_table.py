"""Words are looked up in a tf.lookup table inside the step: a resource that a graph captures and only reads."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
words = tf.constant(["red", "green", "blue", "black"])
table = tf.lookup.StaticHashTable(
    tf.lookup.KeyValueTensorInitializer(words, tf.range(4, dtype=tf.int64)), default_value=4
)
embedding = tf.Variable(tf.random.normal([5, 3], stddev=0.3))
head = tf.Variable(tf.random.normal([3, 1], stddev=0.3))


def train_step(tokens, y):
    with tf.GradientTape() as tape:
        vectors = tf.gather(embedding, table.lookup(tokens))
        loss = tf.reduce_mean((tf.reduce_mean(vectors, axis=1) @ head - y) ** 2)
    embedding_gradient, head_gradient = tape.gradient(loss, [embedding, head])
    embedding.assign_sub(0.3 * tf.convert_to_tensor(embedding_gradient))
    head.assign_sub(0.3 * head_gradient)
    return loss


tokens = tf.constant([["red", "blue"], ["green", "pink"], ["black", "red"], ["blue", "blue"]])
y = tf.constant([[1.0], [-1.0], [0.5], [0.0]])
for i in range(24):
    loss = train_step(tokens, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
