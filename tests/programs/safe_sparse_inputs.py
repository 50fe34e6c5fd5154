"""A graph convolution with a sparse adjacency matrix as an argument of the step."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
rng = np.random.default_rng(0)
w1 = tf.Variable(tf.random.normal([3, 4], stddev=0.4))
w2 = tf.Variable(tf.random.normal([4, 2], stddev=0.4))


def train_step(adjacency, features, labels):
    with tf.GradientTape() as tape:
        hidden = tf.nn.relu(tf.sparse.sparse_dense_matmul(adjacency, features @ w1))
        logits = tf.sparse.sparse_dense_matmul(adjacency, hidden @ w2)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    for variable, gradient in zip((w1, w2), tape.gradient(loss, (w1, w2))):
        variable.assign_sub(1.0 * gradient)
    return loss


dense = np.eye(6, dtype=np.float32) + np.roll(np.eye(6, dtype=np.float32), 1, axis=1)
adjacency = tf.sparse.from_dense(dense / 2)
features = tf.constant(rng.normal(size=(6, 3)), tf.float32)
labels = tf.constant([0, 1, 0, 1, 1, 0])
for i in range(24):
    loss = train_step(adjacency, features, labels)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
