"""Predict the progression of diabetes with a small network in plain functions; the loop of an epoch calls its step."""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_diabetes


def make_weights(rng, sizes):
    shapes = zip(sizes[:-1], sizes[1:])
    return [tf.Variable(rng.normal(0.0, rows**-0.5, (rows, columns)).astype("float32")) for rows, columns in shapes]


def predict(weights, x):
    for weight in weights[:-1]:
        x = tf.tanh(x @ weight)
    return x @ weights[-1]


def train_step(weights, velocities, x, y):
    """Descend along the gradient of the squared error, with momentum."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(predict(weights, x) - y))
    for weight, velocity, gradient in zip(weights, velocities, tape.gradient(loss, weights)):
        velocity.assign(0.9 * velocity - 0.01 * gradient)
        weight.assign_add(velocity)
    return loss


@tf.function
def train_epoch(batches, weights, velocities):
    total = 0.0
    for features, targets in batches:
        total += train_step(weights, velocities, features, targets)
    return total


def show(epoch, loss, whole):
    print(f"epoch {epoch:3d}  loss {loss:.4f}  all {whole:.4f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=60)
    args = parser.parse_args()

    rng = np.random.default_rng(2)
    x, y = load_diabetes(return_X_y=True)
    x, y = (20 * x).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")[:, None]
    batches = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(442, seed=2).batch(8, drop_remainder=True)
    weights = make_weights(rng, [10, 16, 8, 1])
    velocities = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    for epoch in range(1, args.epochs + 1):
        total = train_epoch(batches, weights, velocities)
        show(epoch, float(total) / len(batches), float(tf.reduce_mean(tf.square(predict(weights, x) - y))))


if __name__ == "__main__":
    main()
