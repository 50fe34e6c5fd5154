"""Predict the progress of diabetes from ten measurements, with a trainer class that keeps Keras metrics."""

import argparse

import tensorflow as tf
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split


class Trainer:
    """Owns the model, the optimizer and the metrics; ``train_step`` is one update."""

    def __init__(self, model, learning_rate):
        self.model = model
        self.optimizer = tf.keras.optimizers.Adam(learning_rate)
        self.loss_fn = tf.keras.losses.Huber()
        self.train_loss = tf.keras.metrics.Mean(name="train_loss")
        self.train_error = tf.keras.metrics.MeanAbsoluteError(name="train_error")
        self.test_error = tf.keras.metrics.MeanAbsoluteError(name="test_error")
        self.history = []

    @tf.function
    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            predicted = self.model(x, training=True)
            loss = self.loss_fn(y, predicted)
        weights = self.model.trainable_variables
        gradients = tape.gradient(loss, weights)
        gradients = [tf.clip_by_norm(gradient, 1.0) for gradient in gradients]
        self.optimizer.apply_gradients(zip(gradients, weights))
        self.train_loss.update_state(loss)
        self.train_error.update_state(y, predicted)

    @tf.function
    def test_step(self, x, y):
        self.test_error.update_state(y, self.model(x, training=False))

    def fit(self, train, test, epochs):
        for epoch in range(1, epochs + 1):
            for metric in (self.train_loss, self.train_error, self.test_error):
                metric.reset_state()
            for x, y in train:
                self.train_step(x, y)
            for x, y in test:
                self.test_step(x, y)
            self.log(epoch)
        return self.history

    def log(self, epoch):
        row = (self.train_loss.result(), self.train_error.result(), self.test_error.result())
        self.history.append([float(value) for value in row])
        if epoch % 3 == 0:
            loss, error, test = self.history[-1]
            print(f"Epoch {epoch}, Loss: {loss:.4f}, MAE: {error:.4f}, Test MAE: {test:.4f}")


def build_model():
    model = tf.keras.Sequential(
        [
            tf.keras.Input(shape=(10,)),
            tf.keras.layers.Dense(48, activation="tanh"),
            tf.keras.layers.Dense(24, activation="tanh"),
            tf.keras.layers.Dense(1),
        ]
    )
    return model


def load(batch_size, seed):
    x, y = load_diabetes(return_X_y=True)
    x = (x / x.std(axis=0)).astype("float32")
    y = ((y - y.mean()) / y.std()).astype("float32")[:, None]
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=90, random_state=seed)
    train = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(400, seed=seed)
    test = tf.data.Dataset.from_tensor_slices((x_test, y_test))
    return train.batch(batch_size, drop_remainder=True), test.batch(45)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    args = parser.parse_args()

    tf.keras.utils.set_random_seed(1)
    train, test = load(batch_size=16, seed=1)
    trainer = Trainer(build_model(), args.learning_rate)
    history = trainer.fit(train, test, args.epochs)
    print(f"best test MAE {min(row[2] for row in history):.4f}")


if __name__ == "__main__":
    main()
