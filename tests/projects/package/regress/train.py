import argparse

import numpy as np
import tensorflow as tf

from . import Line
from .losses import mean_square


def train_step(model, x, y, *, rate=0.1):
    with tf.GradientTape() as tape:
        loss = model.loss(x, y)
    for variable, gradient in zip(
        model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True
    ):
        variable.assign_sub(rate * gradient)
    return loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=30)
    steps = parser.parse_args().steps
    generator = np.random.default_rng(0)
    model = Line(3)
    for step in range(steps):
        x = tf.constant(generator.normal(size=(8, 3)), tf.float32)
        loss = train_step(model, x, tf.reduce_sum(x, 1, keepdims=True))
        if step % 10 == 9:
            print(f"step {step}: loss {float(loss):.5f} check {float(mean_square(model(x), model(x) + 1.0)):.1f}")


if __name__ == "__main__":
    main()
