import numpy as np
import tensorflow as tf
from commands import command


def make_step(weights, rate):
    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ weights - y) ** 2)
        weights.assign_sub(rate * tape.gradient(loss, weights))
        return loss

    return train_step


@command(steps=10, rate=0.1)
def main(steps, rate):
    generator = np.random.default_rng(0)
    weights = tf.Variable(tf.zeros([3, 1]))
    step = make_step(weights, rate)
    for number in range(steps):
        x = tf.constant(generator.normal(size=(8, 3)), tf.float32)
        loss = step(x, tf.reduce_sum(x, 1, keepdims=True))
        print(f"step {number}: loss {loss.numpy():.5f}")


if __name__ == "__main__":
    main()
