"""Recognize digits with a small network that is fed NumPy batches and dwells on the hard examples.

An epoch keeps the examples whose loss is above a threshold, so the size of its last batch is never the same.
"""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits


class Classifier:
    def __init__(self, inputs, hidden, classes, rng):
        self.w1 = tf.Variable((rng.normal(size=(inputs, hidden)) / np.sqrt(inputs)).astype("float32"))
        self.b1 = tf.Variable(np.zeros(hidden, "float32"))
        self.w2 = tf.Variable((rng.normal(size=(hidden, classes)) / np.sqrt(hidden)).astype("float32"))
        self.b2 = tf.Variable(np.zeros(classes, "float32"))
        self.variables = [self.w1, self.b1, self.w2, self.b2]
        self.momenta = [tf.Variable(tf.zeros_like(v)) for v in self.variables]

    def logits(self, x):
        hidden = tf.nn.elu(tf.matmul(x, self.w1) + self.b1)
        return tf.matmul(hidden, self.w2) + self.b2

    def losses(self, x, y):
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=self.logits(x))

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 64], tf.float32),
            tf.TensorSpec([None], tf.int32),
        ]
    )
    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.losses(x, y))
        gradients = tape.gradient(loss, self.variables)
        for variable, momentum, gradient in zip(self.variables, self.momenta, gradients):
            momentum.assign(0.9 * momentum + gradient + 1e-4 * variable)
            variable.assign_sub(0.03 * momentum)
        return loss


def batches(x, y, size, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x), size):
        index = order[start : start + size]
        yield x[index], y[index]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--batch-size", type=int, default=64)
    args = parser.parse_args()

    rng = np.random.default_rng(6)
    x, y = load_digits(return_X_y=True)
    x, y = (x / 16.0).astype("float32"), y.astype("int32")
    x, x_test, y, y_test = x[:1500], x[1500:], y[:1500], y[1500:]
    model = Classifier(64, 48, 10, rng)
    for epoch in range(1, args.epochs + 1):
        losses = model.losses(x, y).numpy()
        hard = losses > 0.1 * losses.mean()
        for x_batch, y_batch in batches(x[hard], y[hard], args.batch_size, rng):
            model.train_step(x_batch, y_batch)
        if epoch % 10 == 0:
            accuracy = np.mean(np.argmax(model.logits(x_test), axis=1) == y_test)
            print(f"epoch {epoch:3d}  {hard.sum():4d} hard  loss {losses.mean():.4f}  accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
