"""Recognize digits with Keras 2 (the tf_keras package): run it with TF_USE_LEGACY_KERAS=1 in the environment."""

import argparse
import sys

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits


class Scale(tf.keras.layers.Layer):
    """Learns a factor and a shift for each feature."""

    def build(self, input_shape):
        self.factor = self.add_weight("factor", shape=input_shape[-1:], initializer="ones")
        self.shift = self.add_weight("shift", shape=input_shape[-1:], initializer="zeros")

    def call(self, inputs):
        return inputs * self.factor + self.shift


class Network(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.scale = Scale()
        self.first = tf.keras.layers.Dense(64, activation="swish")
        self.norm = tf.keras.layers.BatchNormalization()
        self.second = tf.keras.layers.Dense(10)

    def call(self, inputs, training=None):
        x = self.first(self.scale(inputs))
        return self.second(self.norm(x, training=training))


@tf.function
def train_on_batch(model, optimizer, loss_object, metric, x, y):
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss = loss_object(y, logits)
    grads = tape.gradient(loss, model.trainable_weights)
    optimizer.apply_gradients(zip(grads, model.trainable_weights))
    metric.update_state(y, logits)
    return loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=12)
    args = parser.parse_args()
    if not hasattr(tf.keras.optimizers, "legacy"):
        sys.exit("This script needs Keras 2: install tf_keras and set TF_USE_LEGACY_KERAS=1.")

    tf.keras.utils.set_random_seed(13)
    x, y = load_digits(return_X_y=True)
    x, y = (x / 16.0).astype("float32"), y.astype("int32")
    dataset = tf.data.Dataset.from_tensor_slices((x[:1500], y[:1500])).shuffle(1500, seed=13)
    dataset = dataset.batch(50)
    model = Network()
    optimizer = tf.keras.optimizers.legacy.Adam(learning_rate=2e-3)
    loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    metric = tf.keras.metrics.SparseCategoricalAccuracy()
    for epoch in range(args.epochs):
        metric.reset_states()
        losses = []
        for x_batch, y_batch in dataset:
            losses.append(train_on_batch(model, optimizer, loss_object, metric, x_batch, y_batch).numpy())
        correct = np.mean(model(x[1500:]).numpy().argmax(axis=1) == y[1500:])
        print(
            "Epoch %d/%d - loss: %.4f - accuracy: %.4f - val_accuracy: %.4f"
            % (epoch + 1, args.epochs, np.mean(losses), metric.result().numpy(), correct)
        )


if __name__ == "__main__":
    main()
