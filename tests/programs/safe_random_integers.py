"""Contrastive pairs by random integers and a categorical draw: integer random ops, exact on one stream."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
table = tf.Variable(tf.random.normal([10, 3], stddev=0.3))


def train_step(centers, contexts):
    negatives = tf.random.uniform(tf.shape(centers), maxval=10, dtype=tf.int32)
    kept = tf.random.categorical(tf.zeros([1, 2]), tf.size(centers))[0]
    with tf.GradientTape() as tape:
        center = tf.gather(table, centers)
        positive = tf.reduce_sum(center * tf.gather(table, contexts), axis=1)
        negative = tf.reduce_sum(center * tf.gather(table, negatives), axis=1)
        losses = tf.nn.softplus(-positive) + tf.nn.softplus(negative)
        loss = tf.reduce_sum(tf.cast(kept, tf.float32) * losses)
    gradient = tf.convert_to_tensor(tape.gradient(loss, table))
    table.assign_sub(0.1 * gradient)
    return loss, tf.reduce_sum(negatives)


rng = np.random.default_rng(0)
for i in range(24):
    centers = tf.constant(rng.integers(0, 10, size=8), tf.int32)
    contexts = tf.constant(rng.integers(0, 10, size=8), tf.int32)
    loss, checksum = train_step(centers, contexts)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f} negatives {int(checksum)}")
