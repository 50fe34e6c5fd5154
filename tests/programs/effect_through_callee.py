"""The step looks pure, but two calls further down a progress bar is moved and drawn: once, at the trace."""
# truth: unsafe train_step print
import numpy as np
import tensorflow as tf


class Progress:
    def __init__(self, total):
        self.total = total
        self.done = 0

    def advance(self):
        self.done += 1
        if self.done % 5 == 0:
            self.draw()

    def draw(self):
        print(f"{'#' * self.done}{'.' * (self.total - self.done)}")


progress = Progress(total=20)
rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def apply_gradient(gradient):
    w.assign_sub(0.05 * gradient)
    progress.advance()


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    apply_gradient(tape.gradient(loss, w))
    return loss


x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(20):
    loss = train_step(x, y)
    if i % 10 == 9:
        print(f"loss {float(loss):.5f}")
