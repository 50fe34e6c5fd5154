"""Epochs over a data set that is shuffled anew in each, the step written out in the loop, as tutorials have it."""

import argparse

import tensorflow as tf
from sklearn.datasets import load_digits


def show(epoch, loss, accuracy):
    print(f"epoch {epoch}  loss {loss:.4f}  accuracy {accuracy:.4f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=40)
    args = parser.parse_args()

    tf.keras.utils.set_random_seed(4)
    images, labels = load_digits(return_X_y=True)
    images, labels = (images / 16).astype("float32"), labels.astype("int32")
    batches = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(1800, seed=4).batch(24)
    model = tf.keras.Sequential(
        [tf.keras.Input(shape=(64,)), tf.keras.layers.Dense(32, activation="relu"), tf.keras.layers.Dense(10)]
    )
    loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = tf.keras.optimizers.SGD(0.05, momentum=0.9)
    mean_loss = tf.keras.metrics.Mean()
    accuracy = tf.keras.metrics.SparseCategoricalAccuracy()

    for epoch in range(1, args.epochs + 1):
        mean_loss.reset_state()
        accuracy.reset_state()
        for x, y in batches:
            with tf.GradientTape() as tape:
                logits = model(x, training=True)
                loss = loss_of(y, logits)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            mean_loss.update_state(loss)
            accuracy.update_state(y, logits)
        show(epoch, float(mean_loss.result()), float(accuracy.result()))


if __name__ == "__main__":
    main()
