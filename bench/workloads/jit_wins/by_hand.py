"""Draw a picture, a mosaic of handwritten digits, as a sum of oriented Gaussians (a radial basis network).

A step is elementwise work on large arrays, most of it memory traffic, which is what a compiler that fuses
operations is for.
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


class Splats(tf.Module):
    """Oriented Gaussians: centres (splats, 2), the roots of their precisions (splats, 2, 2), heights."""

    def __init__(self, count, extent, rng):
        super().__init__()
        shapes = np.tile(3.0 * np.eye(2, dtype="float32"), (count, 1, 1))
        self.centres = tf.Variable(rng.uniform(0.0, extent, (count, 2)).astype("float32"))
        self.roots = tf.Variable(shapes + rng.normal(0.0, 0.1, shapes.shape).astype("float32"))
        self.heights = tf.Variable(rng.normal(0.3, 0.1, (count, 1)).astype("float32"))

    def draw(self, positions):
        offsets = positions[:, None, :] - self.centres
        turned = tf.reduce_sum(offsets[:, :, None, :] * self.roots, axis=3)
        distances = tf.reduce_sum(tf.square(turned), axis=2)
        return tf.matmul(tf.exp(-0.5 * distances), self.heights)


class Adam:
    def __init__(self, variables, learning_rate):
        self.learning_rate = learning_rate
        self.step = tf.Variable(0.0)
        self.means = [tf.Variable(tf.zeros_like(variable)) for variable in variables]
        self.squares = [tf.Variable(tf.zeros_like(variable)) for variable in variables]

    def apply(self, variables, gradients):
        self.step.assign_add(1.0)
        rate = self.learning_rate * tf.sqrt(1.0 - 0.999**self.step) / (1.0 - 0.9**self.step)
        for variable, mean, square, gradient in zip(variables, self.means, self.squares, gradients):
            mean.assign(0.9 * mean + 0.1 * gradient)
            square.assign(0.999 * square + 0.001 * tf.square(gradient))
            variable.assign_sub(rate * mean / (tf.sqrt(square) + 1e-7))


@tf.function(jit_compile=True)
def train_step(splats, optimizer, positions, brightness):
    variables = splats.trainable_variables
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(splats.draw(positions) - brightness))
    optimizer.apply(variables, tape.gradient(loss, variables))
    return loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--splats", type=int, default=64)
    parser.add_argument("--pixels", type=int, default=1024)
    args = parser.parse_args()

    rng = np.random.default_rng(15)
    positions, brightness = mosaic(4, 4)
    splats = Splats(args.splats, 4.0, rng)
    optimizer = Adam(splats.trainable_variables, 1e-2)
    losses = []
    for step in range(1, args.steps + 1):
        index = rng.integers(0, len(positions), args.pixels)
        x, y = tf.constant(positions[index]), tf.constant(brightness[index])
        losses.append(train_step(splats, optimizer, x, y))
        if step % 50 == 0:
            print(f"step {step:4d}  squared error {float(tf.reduce_mean(losses[-50:])):.5f}")


if __name__ == "__main__":
    main()
