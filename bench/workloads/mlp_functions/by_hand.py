"""Train a small multilayer perceptron on the handwritten digits, with nothing but tensors and functions."""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def make_layers(sizes, rng):
    layers = []
    for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
        scale = np.sqrt(2.0 / fan_in)
        weights = rng.normal(0.0, scale, (fan_in, fan_out)).astype("float32")
        layers.append((tf.Variable(weights), tf.Variable(tf.zeros([fan_out]))))
    return layers


def forward(layers, x):
    for weights, bias in layers[:-1]:
        x = tf.nn.relu(tf.matmul(x, weights) + bias)
    weights, bias = layers[-1]
    return tf.matmul(x, weights) + bias


def loss_of(layers, x, y, decay):
    logits = forward(layers, x)
    data = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    penalty = tf.add_n([tf.nn.l2_loss(weights) for weights, _ in layers])
    return data + decay * penalty


@tf.function
def train_step(layers, velocities, x, y):
    """One step of SGD with momentum, gradients clipped to a global norm of 5."""
    variables = tf.nest.flatten(layers)
    with tf.GradientTape() as tape:
        loss = loss_of(layers, x, y, decay=1e-4)
    gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), 5.0)
    for variable, velocity, gradient in zip(variables, velocities, gradients):
        velocity.assign(0.9 * velocity - 0.02 * gradient)
        variable.assign_add(velocity)
    return loss


def accuracy(layers, x, y):
    predicted = tf.argmax(forward(layers, x), axis=1, output_type=tf.int32)
    return float(tf.reduce_mean(tf.cast(predicted == y, tf.float32)))


def batches(x, y, size, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x) - size + 1, size):
        index = order[start : start + size]
        yield tf.constant(x[index]), tf.constant(y[index])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    images, labels = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        (images / 16.0).astype("float32"), labels.astype("int32"), test_size=0.2, random_state=args.seed
    )
    rng = np.random.default_rng(args.seed)
    layers = make_layers([64, 64, 48, 32, 10], rng)
    velocities = [tf.Variable(tf.zeros_like(v)) for v in tf.nest.flatten(layers)]

    for epoch in range(args.epochs):
        losses = []
        for x, y in batches(x_train, y_train, args.batch_size, rng):
            losses.append(train_step(layers, velocities, x, y))
        if epoch % 3 == 2:
            mean = float(tf.reduce_mean(losses))
            print(f"epoch {epoch + 1:3d}  loss {mean:.4f}  test accuracy {accuracy(layers, x_test, y_test):.4f}")


if __name__ == "__main__":
    main()
