"""Separate the iris species with a training step that is a graph already, and is given a signature."""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_iris


class Classifier(tf.Module):
    def __init__(self, rng):
        super().__init__()
        self.w1 = tf.Variable(rng.normal(0.0, 0.5, (4, 16)).astype("float32"))
        self.b1 = tf.Variable(tf.zeros([16]))
        self.w2 = tf.Variable(rng.normal(0.0, 0.25, (16, 3)).astype("float32"))
        self.b2 = tf.Variable(tf.zeros([3]))

    def logits(self, x):
        return tf.matmul(tf.nn.relu(tf.matmul(x, self.w1) + self.b1), self.w2) + self.b2

    def loss(self, x, y):
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=self.logits(x))
        return tf.reduce_mean(losses)

    @tf.function(
        input_signature=[
            tf.TensorSpec(shape=[None, 4], dtype=tf.float32),
            tf.TensorSpec(shape=[None], dtype=tf.int32),
        ]
    )
    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = self.loss(x, y)
        for variable, gradient in zip(self.trainable_variables, tape.gradient(loss, self.trainable_variables)):
            variable.assign_sub(0.05 * gradient)
        return loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=800)
    args = parser.parse_args()

    rng = np.random.default_rng(12)
    x, y = load_iris(return_X_y=True)
    x = ((x - x.mean(axis=0)) / x.std(axis=0)).astype("float32")
    model = Classifier(rng)
    for epoch in range(1, args.epochs + 1):
        order = rng.permutation(len(x))
        for index in np.array_split(order, 7):
            loss = model.train_step(tf.constant(x[index]), tf.constant(y[index], tf.int32))
        if epoch % 100 == 0:
            print(f"epoch {epoch}: loss {float(loss):.4f}")


if __name__ == "__main__":
    main()
