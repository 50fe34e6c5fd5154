"""Learn, online, whether a sequence holds more ups than downs; every sequence has a length of its own.

The recurrence is unrolled over a length that is hardly ever seen again, so each trace would be used once.
"""

import argparse

import numpy as np
import tensorflow as tf


def sequences(count, rng):
    """Walks of 4 to 160 steps, one at a time: x of shape (1, length, 1), y of shape (1, 1)."""
    lengths = rng.permutation(np.resize(np.arange(4, 161), count))
    for length in lengths:
        steps = rng.normal(rng.choice([-0.3, 0.3]), 1.0, length)
        y = float(steps.sum() > 0)
        yield tf.constant(steps[None, :, None], tf.float32), tf.constant([[y]])


class Recurrent(tf.Module):
    def __init__(self, units, rng):
        super().__init__()
        self.units = units
        self.kernel = tf.Variable(rng.normal(0.0, 0.5, (1, units)).astype("float32"))
        self.recurrent = tf.Variable(np.linalg.qr(rng.normal(size=(units, units)))[0].astype("float32"))
        self.head = tf.Variable(rng.normal(0.0, 0.1, (units, 1)).astype("float32"))

    def __call__(self, x):
        h = tf.zeros([1, self.units])
        for t in range(x.shape[1]):
            h = tf.tanh(tf.matmul(x[:, t], self.kernel) + tf.matmul(h, self.recurrent))
        return tf.matmul(h, self.head)


def train_step(model, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=model(x)))
    gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, model.trainable_variables), 1.0)
    for variable, gradient in zip(model.trainable_variables, gradients):
        variable.assign_sub(0.05 * gradient)
    return loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sequences", type=int, default=200)
    args = parser.parse_args()

    rng = np.random.default_rng(10)
    model = Recurrent(12, rng)
    losses = []
    for seen, (x, y) in enumerate(sequences(args.sequences, rng), start=1):
        losses.append(float(train_step(model, x, y)))
        if seen % 20 == 0:
            print(f"{seen} sequences, loss {np.mean(losses[-40:]):.4f}")


if __name__ == "__main__":
    main()
