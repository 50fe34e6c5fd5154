"""Train a generative adversarial network on eight Gaussians that stand in a ring."""

import argparse
import math

import numpy as np
import tensorflow as tf

NOISE = 8
cross_entropy = tf.keras.losses.BinaryCrossentropy(from_logits=True)


def make_ring(count, rng):
    angles = 2.0 * math.pi * rng.integers(0, 8, count) / 8.0
    centres = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return (centres + rng.normal(0.0, 0.05, (count, 2))).astype("float32")


def make_network(inputs, outputs):
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(inputs,)),
            tf.keras.layers.Dense(32),
            tf.keras.layers.LeakyReLU(),
            tf.keras.layers.Dense(32),
            tf.keras.layers.LeakyReLU(),
            tf.keras.layers.Dense(outputs),
        ]
    )


def discriminator_loss(real, fake):
    return cross_entropy(tf.ones_like(real), real) + cross_entropy(tf.zeros_like(fake), fake)


def generator_loss(fake):
    return cross_entropy(tf.ones_like(fake), fake)


class Gan:
    def __init__(self, learning_rate):
        self.generator = make_network(NOISE, 2)
        self.discriminator = make_network(2, 1)
        self.generator_optimizer = tf.keras.optimizers.Adam(learning_rate, beta_1=0.5)
        self.discriminator_optimizer = tf.keras.optimizers.Adam(learning_rate, beta_1=0.5)

    @tf.function
    def train_step(self, real):
        noise = tf.random.normal([tf.shape(real)[0], NOISE])
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fake = self.generator(noise, training=True)
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            g_loss = generator_loss(fake_logits)
            d_loss = discriminator_loss(real_logits, fake_logits)

        g_weights = self.generator.trainable_variables
        d_weights = self.discriminator.trainable_variables
        g_gradients = generator_tape.gradient(g_loss, g_weights)
        d_gradients = discriminator_tape.gradient(d_loss, d_weights)
        self.generator_optimizer.apply_gradients(zip(g_gradients, g_weights))
        self.discriminator_optimizer.apply_gradients(zip(d_gradients, d_weights))
        return g_loss, d_loss

    def sample(self, count):
        """Points of the generator as a NumPy array of shape (count, 2)."""
        return self.generator(tf.random.normal([count, NOISE]), training=False).numpy()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch-size", type=int, default=64)
    args = parser.parse_args()

    tf.keras.utils.set_random_seed(5)
    points = make_ring(4096, np.random.default_rng(5))
    dataset = tf.data.Dataset.from_tensor_slices(points).shuffle(4096, seed=5).repeat()
    gan = Gan(learning_rate=1e-3)
    for step, real in enumerate(dataset.batch(args.batch_size).take(args.steps), start=1):
        g_loss, d_loss = gan.train_step(real)
        if step % 20 == 0:
            print(f"step {step}: generator {float(g_loss):.4f}, discriminator {float(d_loss):.4f}")
    radius = np.linalg.norm(gan.sample(512), axis=1)
    print(f"radius of the samples {radius.mean():.3f} (the ring's is 1)")


if __name__ == "__main__":
    main()
