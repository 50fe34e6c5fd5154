"""A trainer that goes over its own data set once an epoch, in a method, and fits a wine classifier by logistic loss."""

import argparse

import tensorflow as tf
from sklearn.datasets import load_wine


class Trainer:
    def __init__(self, batches, learning_rate):
        self.batches = batches
        self.model = tf.keras.Sequential(
            [tf.keras.Input(shape=(13,)), tf.keras.layers.Dense(24, activation="tanh"), tf.keras.layers.Dense(3)]
        )
        self.loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.optimizer = tf.keras.optimizers.Adam(learning_rate)
        self.mean_loss = tf.keras.metrics.Mean()

    def train_step(self, features, kinds):
        with tf.GradientTape() as tape:
            loss = self.loss_of(kinds, self.model(features, training=True))
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables))
        self.mean_loss.update_state(loss)

    @tf.function
    def train_epoch(self, batches):
        for features, kinds in batches:
            self.train_step(features, kinds)

    def fit(self, epochs):
        for epoch in range(1, epochs + 1):
            self.mean_loss.reset_state()
            self.train_epoch(self.batches)
            self.show(epoch)

    def show(self, epoch):
        print(f"epoch {epoch}  loss {float(self.mean_loss.result()):.4f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=60)
    args = parser.parse_args()

    tf.keras.utils.set_random_seed(6)
    features, kinds = load_wine(return_X_y=True)
    features = ((features - features.mean(axis=0)) / features.std(axis=0)).astype("float32")
    batches = tf.data.Dataset.from_tensor_slices((features, kinds.astype("int32"))).shuffle(178, seed=6).batch(4)
    Trainer(batches, 1e-3).fit(args.epochs)


if __name__ == "__main__":
    main()
