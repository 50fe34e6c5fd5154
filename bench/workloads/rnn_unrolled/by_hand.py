"""Forecast the Mackey-Glass series with an LSTM that is written out and unrolled over time in Python."""

import argparse

import numpy as np
import tensorflow as tf


def mackey_glass(length, delay=17):
    """The chaotic series of Mackey and Glass (1977), integrated with steps of one, and normalized."""
    series = np.full(length + 300, 1.2)
    for t in range(delay, len(series) - 1):
        late = series[t - delay]
        series[t + 1] = 0.9 * series[t] + 0.2 * late / (1.0 + late**10)
    series = series[300:]
    return ((series - series.mean()) / series.std()).astype("float32")


def windows(series, size):
    starts = np.arange(len(series) - size)
    x = np.stack([series[start : start + size] for start in starts])
    return x[:, :, None], series[size:][:, None]


class Forecaster(tf.Module):
    def __init__(self, units, rng):
        super().__init__()
        self.units = units
        scale = 1.0 / np.sqrt(units)
        self.kernel = tf.Variable(rng.normal(0, scale, (1, 4 * units)).astype("float32"))
        self.recurrent = tf.Variable(rng.normal(0, scale, (units, 4 * units)).astype("float32"))
        self.bias = tf.Variable(tf.zeros([4 * units]))
        self.head = tf.Variable(rng.normal(0, scale, (units, 1)).astype("float32"))

    def cell(self, x, h, c):
        gates = tf.matmul(x, self.kernel) + tf.matmul(h, self.recurrent) + self.bias
        i, f, o, g = tf.split(gates, 4, axis=1)
        c = tf.sigmoid(f + 1.0) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c

    def __call__(self, x):
        h = tf.zeros([x.shape[0], self.units])
        c = tf.zeros([x.shape[0], self.units])
        for t in range(x.shape[1]):
            h, c = self.cell(x[:, t], h, c)
        return tf.matmul(h, self.head)


@tf.function
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x) - y))
    variables = model.trainable_variables
    gradients, norm = tf.clip_by_global_norm(tape.gradient(loss, variables), 1.0)
    optimizer.apply_gradients(zip(gradients, variables))
    return loss, norm


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--window", type=int, default=24)
    args = parser.parse_args()

    rng = np.random.default_rng(11)
    x, y = windows(mackey_glass(2000), args.window)
    model = Forecaster(24, rng)
    optimizer = tf.keras.optimizers.Adam(5e-3)
    losses = []
    for step in range(1, args.steps + 1):
        index = rng.integers(0, len(x), 32)
        loss, norm = train_step(model, optimizer, tf.constant(x[index]), tf.constant(y[index]))
        losses.append(loss)
        if step % 25 == 0:
            mean = float(tf.reduce_mean(losses[-25:]))
            print(f"step {step:4d}  mean squared error {mean:.4f}  gradient norm {float(norm):.3f}")


if __name__ == "__main__":
    main()
