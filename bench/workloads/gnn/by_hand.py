"""Find the communities of one big graph with a graph convolutional network on a sparse adjacency matrix."""

import argparse

import numpy as np
import tensorflow as tf


def make_graph(nodes, communities, rng):
    """A stochastic block model: eight neighbours a node, seven in ten of them of the node's community.

    Returns the labels, weak features and the normalized adjacency matrix as a tf.SparseTensor.
    """
    labels = rng.integers(0, communities, nodes)
    members = [np.flatnonzero(labels == k) for k in range(communities)]
    sources = np.repeat(np.arange(nodes), 4)
    inside = rng.random(len(sources)) < 0.7
    targets = np.where(
        inside,
        [rng.choice(members[labels[source]]) for source in sources],
        rng.integers(0, nodes, len(sources)),
    )
    edges = np.concatenate([np.stack([sources, targets], 1), np.stack([targets, sources], 1)])
    edges = np.unique(np.concatenate([edges, np.repeat(np.arange(nodes), 2).reshape(-1, 2)]), axis=0)
    degrees = np.bincount(edges[:, 0], minlength=nodes)
    weights = 1.0 / np.sqrt(degrees[edges[:, 0]] * degrees[edges[:, 1]])
    adjacency = tf.SparseTensor(edges.astype("int64"), weights.astype("float32"), [nodes, nodes])
    features = rng.normal(0.0, 1.0, (nodes, 16)) + 0.4 * np.eye(16)[labels]
    return labels.astype("int32"), features.astype("float32"), adjacency


class GraphConvolution(tf.keras.layers.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = tf.keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros")

    def call(self, x, adjacency):
        mixed = tf.sparse.sparse_dense_matmul(adjacency, tf.matmul(x, self.kernel))
        return self.activation(mixed + self.bias)


class Network(tf.keras.Model):
    def __init__(self, communities):
        super().__init__()
        self.first = GraphConvolution(16, "relu")
        self.second = GraphConvolution(16, "relu")
        self.last = GraphConvolution(communities)

    def call(self, x, adjacency):
        return self.last(self.second(self.first(x, adjacency), adjacency), adjacency)


def masked_loss(logits, labels, mask):
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return tf.reduce_sum(losses * mask) / tf.reduce_sum(mask)


def masked_accuracy(logits, labels, mask):
    right = tf.cast(tf.argmax(logits, 1, tf.int32) == labels, tf.float32)
    return tf.reduce_sum(right * mask) / tf.reduce_sum(mask)


@tf.function
def train_step(model, optimizer, features, adjacency, labels, mask):
    with tf.GradientTape() as tape:
        logits = model(features, adjacency)
        loss = masked_loss(logits, labels, mask)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss, masked_accuracy(logits, labels, 1.0 - mask)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--nodes", type=int, default=600)
    args = parser.parse_args()

    tf.keras.utils.set_random_seed(4)
    rng = np.random.default_rng(4)
    labels, features, adjacency = make_graph(args.nodes, 6, rng)
    labels, features = tf.constant(labels), tf.constant(features)
    mask = tf.constant((rng.random(args.nodes) < 0.2).astype("float32"))
    model = Network(6)
    optimizer = tf.keras.optimizers.Adam(5e-3)
    for epoch in range(1, args.epochs + 1):
        loss, accuracy = train_step(model, optimizer, features, adjacency, labels, mask)
        if epoch % 25 == 0:
            print(f"epoch {epoch:3d}: loss {loss.numpy():.4f}, accuracy on the rest {accuracy.numpy():.4f}")


if __name__ == "__main__":
    main()
