"""tf.data pipelines that call functions of the project, one of them a generator in Python."""

import numpy as np
import tensorflow as tf

weights = tf.Variable(tf.zeros([3, 1]))


def examples():
    generator = np.random.default_rng(0)
    for _ in range(200):
        x = generator.normal(size=3).astype("float32")
        yield x, x.sum(keepdims=True)


def augment(x, y):
    return x + 0.01 * tf.random.stateless_normal((3,), (1, 2)), y


def normalize(x, y):
    return tf.math.l2_normalize(x, axis=-1), y


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weights - y) ** 2)
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    return loss


signature = (tf.TensorSpec((3,), tf.float32), tf.TensorSpec((1,), tf.float32))
data = tf.data.Dataset.from_generator(examples, output_signature=signature).map(augment).batch(8).map(normalize)
for epoch in range(2):
    for x, y in data:
        loss = train_step(x, y)
    print(f"epoch {epoch}: loss {float(loss):.5f}")
