"""Solve the Poisson equation u'' = -pi^2 sin(pi x) on [-1, 1], u(-1) = u(1) = 0, by a network (a PINN)."""

import argparse
import math

import numpy as np
import tensorflow as tf


def glorot(fan_in, fan_out, rng):
    limit = math.sqrt(6.0 / (fan_in + fan_out))
    return tf.Variable(rng.uniform(-limit, limit, (fan_in, fan_out)).astype("float32"))


class Solution(tf.Module):
    """A network u(x) with tanh layers; x and u have shape (points, 1)."""

    def __init__(self, width, depth, rng):
        super().__init__()
        sizes = [1] + [width] * depth + [1]
        self.weights = [glorot(a, b, rng) for a, b in zip(sizes[:-1], sizes[1:])]
        self.biases = [tf.Variable(tf.zeros([b])) for b in sizes[1:]]

    def __call__(self, x):
        for weights, bias in zip(self.weights[:-1], self.biases[:-1]):
            x = tf.tanh(tf.matmul(x, weights) + bias)
        return tf.matmul(x, self.weights[-1]) + self.biases[-1]


def second_derivative(u, x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = u(x)
        slope = inner.gradient(value, x)
    return outer.gradient(slope, x)


def residual(u, x):
    return second_derivative(u, x) + math.pi**2 * tf.sin(math.pi * x)


@tf.function
def train_step(u, optimizer, inside, border):
    with tf.GradientTape() as tape:
        equation = tf.reduce_mean(tf.square(residual(u, inside)))
        boundary = tf.reduce_mean(tf.square(u(border)))
        loss = equation + 50.0 * boundary
    gradients = tape.gradient(loss, u.trainable_variables)
    optimizer.apply_gradients(zip(gradients, u.trainable_variables))
    return equation, boundary


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--points", type=int, default=64)
    args = parser.parse_args()

    rng = np.random.default_rng(14)
    u = Solution(24, 3, rng)
    optimizer = tf.keras.optimizers.Adam(3e-3)
    border = tf.constant([[-1.0], [1.0]])
    for step in range(1, args.steps + 1):
        inside = tf.constant(rng.uniform(-1.0, 1.0, (args.points, 1)), tf.float32)
        equation, boundary = train_step(u, optimizer, inside, border)
        if step % 50 == 0:
            print(f"step {step:4d}  equation {float(equation):9.4f}  boundary {float(boundary):.6f}")
    x = np.linspace(-1.0, 1.0, 101, dtype="float32")[:, None]
    error = np.abs(u(tf.constant(x)).numpy() - np.sin(math.pi * x)).max()
    print(f"largest error {error:.4f}")


if __name__ == "__main__":
    main()
