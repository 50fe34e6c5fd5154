"""A GAN's step with two tapes and two Keras optimizers; the noise comes in as an argument."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
generator = tf.keras.Sequential([tf.keras.Input([4]), tf.keras.layers.Dense(2)])
critic = tf.keras.Sequential([tf.keras.Input([2]), tf.keras.layers.Dense(1)])
generator_optimizer = tf.keras.optimizers.Adam(0.02)
critic_optimizer = tf.keras.optimizers.SGD(0.05)


def train_step(real, noise):
    with tf.GradientTape() as generator_tape, tf.GradientTape() as critic_tape:
        fake_score = critic(generator(noise))
        critic_loss = tf.reduce_mean(tf.nn.softplus(-critic(real)) + tf.nn.softplus(fake_score))
        generator_loss = tf.reduce_mean(tf.nn.softplus(-fake_score))
    variables = generator.trainable_variables
    generator_optimizer.apply_gradients(zip(generator_tape.gradient(generator_loss, variables), variables))
    variables = critic.trainable_variables
    critic_optimizer.apply_gradients(zip(critic_tape.gradient(critic_loss, variables), variables))
    return generator_loss, critic_loss


rng = np.random.default_rng(0)
real = tf.constant(rng.normal(loc=1.0, size=(8, 2)), tf.float32)
for i in range(20):
    noise = tf.constant(rng.normal(size=(8, 4)), tf.float32)
    generator_loss, critic_loss = train_step(real, noise)
    if i % 5 == 4:
        print(f"step {i + 1}: generator {float(generator_loss):.5f} critic {float(critic_loss):.5f}")
