"""Fit a noisy surface with a small network; the learning rate follows a cosine and is passed as a float."""

import argparse
import math

import numpy as np
import tensorflow as tf


def make_data(count, rng):
    x = rng.uniform(-2.0, 2.0, (count, 2)).astype("float32")
    y = np.sin(2.0 * x[:, :1]) * np.cos(x[:, 1:]) + 0.3 * x[:, :1] * x[:, 1:]
    return x, (y + rng.normal(0.0, 0.05, y.shape)).astype("float32")


def cosine(step, steps, peak, warmup=20):
    if step < warmup:
        return peak * (step + 1) / warmup
    return 0.5 * peak * (1.0 + math.cos(math.pi * (step - warmup) / (steps - warmup)))


class Regressor:
    def __init__(self, width, rng):
        shapes = [(2, width), (width,), (width, width), (width,), (width, 1), (1,)]
        values = [rng.normal(0.0, 1.0 / math.sqrt(shape[0]), shape).astype("float32") for shape in shapes]
        self.variables = [tf.Variable(value) for value in values]
        self.velocities = [tf.Variable(tf.zeros_like(variable)) for variable in self.variables]

    def predict(self, x):
        w1, b1, w2, b2, w3, b3 = self.variables
        hidden = tf.tanh(tf.matmul(x, w1) + b1)
        hidden = tf.tanh(tf.matmul(hidden, w2) + b2)
        return tf.matmul(hidden, w3) + b3

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 2], tf.float32),
            tf.TensorSpec([None, 1], tf.float32),
            tf.TensorSpec([], tf.float32),
        ]
    )
    def train_step(self, x, y, learning_rate):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.predict(x) - y))
        gradients = tape.gradient(loss, self.variables)
        for variable, velocity, gradient in zip(self.variables, self.velocities, gradients):
            velocity.assign(0.9 * velocity - learning_rate * gradient)
            variable.assign_add(0.9 * velocity - learning_rate * gradient)
        return loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--peak", type=float, default=0.03)
    args = parser.parse_args()

    rng = np.random.default_rng(8)
    x, y = make_data(2048, rng)
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(2048, seed=8).repeat()
    model = Regressor(32, rng)
    for step, (x_batch, y_batch) in enumerate(dataset.batch(64).take(args.steps)):
        learning_rate = cosine(step, args.steps, args.peak)
        loss = model.train_step(x_batch, y_batch, learning_rate)
        if (step + 1) % 120 == 0:
            print(f"step {step + 1}: learning rate {learning_rate:.5f}, loss {float(loss):.4f}")


if __name__ == "__main__":
    main()
