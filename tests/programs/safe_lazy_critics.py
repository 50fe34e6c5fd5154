"""Two critics of one class make their weights in their own first call, the second one only after a while."""
# truth: safe Critic.update
# note: a method has a tf.function for each instance, and each may make variables in its first call
import numpy as np
import tensorflow as tf


class Critic:
    def __init__(self, seed):
        self.seed = seed
        self.weight = None

    def update(self, x, y):
        if self.weight is None:
            self.weight = tf.Variable(0.1 * tf.random.stateless_normal([int(x.shape[1]), 1], [self.seed, 0]))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.weight - y) ** 2)
        self.weight.assign_sub(0.05 * tape.gradient(loss, self.weight))
        return loss


rng = np.random.default_rng(0)
first, second = Critic(1), Critic(2)
for step in range(40):
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    y = x @ tf.constant([[1.0], [-2.0], [0.5]])
    losses = [float(first.update(x, y))]
    if step >= 5:
        losses.append(float(second.update(x, y)))
    if step % 8 == 7:
        print(f"step {step + 1}:", *(f"{loss:.5f}" for loss in losses))
