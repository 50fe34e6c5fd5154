"""Validate after every epoch, in a loop of its own beside the one that trains: neither is a function."""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits


def show(epoch, loss, accuracy):
    print(f"epoch {epoch}  validation loss {loss:.4f}  accuracy {accuracy:.4f}")


def take(rng, size, batch_size):
    """The picks of one batch."""
    return rng.integers(0, size, batch_size)


@tf.function
def train_step(model, loss_of, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = loss_of(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


@tf.function
def evaluate_step(model, loss_of, accuracy, x, y):
    logits = model(x, training=False)
    loss = loss_of(y, logits)
    accuracy.update_state(y, logits)
    return loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    tf.keras.utils.set_random_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    images, labels = load_digits(return_X_y=True)
    images, labels = (images / 16).astype("float32"), labels.astype("int32")
    layers = [tf.keras.layers.Dense(64, activation="tanh") for _ in range(4)]
    model = tf.keras.Sequential([tf.keras.Input(shape=(64,)), *layers, tf.keras.layers.Dense(10)])
    loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = tf.keras.optimizers.Adam(1e-3)
    accuracy = tf.keras.metrics.SparseCategoricalAccuracy()
    validation = tf.data.Dataset.from_tensor_slices((images[1200:], labels[1200:])).batch(8)

    for epoch in range(args.epochs):
        for _ in range(30):
            picks = take(rng, 1200, 32)
            x, y = tf.constant(images[picks]), tf.constant(labels[picks])
            train_step(model, loss_of, optimizer, x, y)

        total, batches = 0.0, 0
        accuracy.reset_state()
        for x, y in validation:
            loss = evaluate_step(model, loss_of, accuracy, x, y)
            total += float(loss)
            batches += 1
        show(epoch, total / batches, float(accuracy.result()))


if __name__ == "__main__":
    main()
