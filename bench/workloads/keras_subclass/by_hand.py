"""Classify tumours (the Wisconsin breast cancer data) with a subclassed Keras model and a training loop."""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

loss_fn = tf.keras.losses.BinaryCrossentropy(from_logits=True)


class Classifier(tf.keras.Model):
    def __init__(self, width, rate):
        super().__init__()
        self.hidden = [tf.keras.layers.Dense(width, activation="relu") for _ in range(3)]
        self.norms = [tf.keras.layers.LayerNormalization() for _ in range(3)]
        self.dropout = tf.keras.layers.Dropout(rate)
        self.head = tf.keras.layers.Dense(1)

    def call(self, x, training=False):
        for layer, norm in zip(self.hidden, self.norms):
            x = self.dropout(norm(layer(x)), training=training)
        return self.head(x)


@tf.function
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss = loss_fn(y, logits)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


def evaluate(model, x, y):
    """Return the loss and the accuracy as Python floats."""
    logits = model(x, training=False)
    right = tf.equal(logits > 0.0, y > 0.5)
    return float(loss_fn(y, logits)), float(tf.reduce_mean(tf.cast(right, tf.float32)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--dropout", type=float, default=0.1)
    args = parser.parse_args()

    tf.keras.utils.set_random_seed(7)
    features, target = load_breast_cancer(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        features, target.astype("float32")[:, None], test_size=0.2, random_state=7
    )
    scaler = StandardScaler().fit(x_train)
    x_train = scaler.transform(x_train).astype("float32")
    x_test = scaler.transform(x_test).astype("float32")

    dataset = tf.data.Dataset.from_tensor_slices((x_train, y_train))
    dataset = dataset.shuffle(len(x_train), seed=7).batch(32, drop_remainder=True)

    model = Classifier(args.width, args.dropout)
    optimizer = tf.keras.optimizers.Adam(1e-3)
    for epoch in range(args.epochs):
        losses = [train_step(model, optimizer, x, y) for x, y in dataset]
        if (epoch + 1) % 2 == 0:
            test_loss, test_accuracy = evaluate(model, x_test, y_test)
            print(
                f"epoch {epoch + 1}: train {np.mean(losses):.4f}, "
                f"test {test_loss:.4f}, accuracy {test_accuracy:.3f}"
            )


if __name__ == "__main__":
    main()
