"""Another seed is set late, by a function that the last phase of the training calls."""
# truth: unsafe Denoiser.train_step kept-seed
import numpy as np
import tensorflow as tf


def reseed(seed):
    np.random.seed(seed)
    tf.random.set_seed(seed)


class Denoiser:
    def __init__(self):
        self.w = tf.Variable(tf.eye(4) * 0.1)

    def train_step(self, x):
        noisy = x * tf.cast(tf.random.uniform(tf.shape(x)) > 0.2, tf.float32)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((noisy @ self.w - x) ** 2)
        self.w.assign_sub(0.1 * tape.gradient(loss, self.w))
        return loss


reseed(1)
rng = np.random.default_rng(0)
denoiser = Denoiser()
for phase in range(30):
    if phase == 28:
        reseed(100 + phase)
    for _ in range(10):
        loss = denoiser.train_step(tf.constant(rng.normal(size=(8, 4)), tf.float32))
    print(f"phase {phase}: loss {float(loss):.5f} {denoiser.w.numpy().sum():.5f}")
