"""Draw a mosaic of handwritten digits as a sum of Gaussians, in batches of its pixels.

A step is elementwise work on large arrays, which a compiler fuses, and it is a step that a compiler is given.
"""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits


def mosaic(rows, columns):
    """Pixels of a mosaic: positions of shape (pixels, 2), in units of a tile, and brightness (pixels, 1)."""
    tiles = load_digits().images[: rows * columns].reshape(rows, columns, 8, 8) / 16.0
    picture = tiles.transpose(0, 2, 1, 3).reshape(8 * rows, 8 * columns)
    grid = np.stack(np.meshgrid(np.arange(8 * rows), np.arange(8 * columns), indexing="ij"), axis=2)
    return (grid.reshape(-1, 2) / 8.0).astype("float32"), picture.reshape(-1, 1).astype("float32")


def show(epoch, error):
    print(f"epoch {epoch:3d}  squared error {error:.5f}")


@tf.function
def train_epoch(batches, centres, roots, heights, variables, error):
    for x, y in batches:
        with tf.GradientTape() as tape:
            offsets = x[:, None, :] - centres
            turned = tf.reduce_sum(offsets[:, :, None, :] * roots, axis=3)
            distances = tf.reduce_sum(tf.square(turned), axis=2)
            drawn = tf.matmul(tf.exp(-0.5 * distances), heights)
            loss = tf.reduce_mean(tf.square(drawn - y))
        for variable, gradient in zip(variables, tape.gradient(loss, variables)):
            variable.assign_sub(0.05 * gradient)
        error.assign(0.95 * error + 0.05 * loss)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=80)
    parser.add_argument("--splats", type=int, default=96)
    args = parser.parse_args()

    rng = np.random.default_rng(15)
    positions, brightness = mosaic(8, 8)
    batches = tf.data.Dataset.from_tensor_slices((positions, brightness)).shuffle(4096, seed=15)
    batches = batches.batch(1024, drop_remainder=True)
    centres = tf.Variable(rng.uniform(0.0, 8.0, (args.splats, 2)).astype("float32"))
    roots = tf.Variable(np.tile(3.0 * np.eye(2, dtype="float32"), (args.splats, 1, 1)))
    heights = tf.Variable(rng.normal(0.3, 0.1, (args.splats, 1)).astype("float32"))
    variables = [centres, roots, heights]
    error = tf.Variable(0.0)

    for epoch in range(1, args.epochs + 1):
        train_epoch(batches, centres, roots, heights, variables, error)
        show(epoch, float(error))


if __name__ == "__main__":
    main()
