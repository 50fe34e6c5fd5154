"""absl flags and app.run, which ends the program by sys.exit; the step reads a flag that nobody changes."""
# truth: safe train_step
# args: --rate=0.04
import numpy as np
import tensorflow as tf
from absl import app, flags

FLAGS = flags.FLAGS
flags.DEFINE_float("rate", 0.1, "the learning rate")


def train_step(w, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(FLAGS.rate * tape.gradient(loss, w))
    return loss


def main(_):
    rng = np.random.default_rng(0)
    w = tf.Variable(tf.zeros([3, 1]))
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    y = x @ tf.constant([[1.0], [-2.0], [0.5]])
    for i in range(24):
        loss = train_step(w, x, y)
        if i % 6 == 5:
            print(f"step {i + 1}: loss {float(loss):.5f}")


if __name__ == "__main__":
    app.run(main)
