"""A tiny GAN draws its generator's noise from np.random inside the step, so a trace freezes the noise.

Nothing raises and both losses still fall: the generator is simply trained on one batch of noise for ever.
"""
# truth: unsafe train_step frozen-random
import numpy as np
import tensorflow as tf

np.random.seed(0)
tf.random.set_seed(0)

generator_w = tf.Variable(tf.random.normal([4, 2], stddev=0.5))
generator_b = tf.Variable(tf.zeros([2]))
critic_w = tf.Variable(tf.random.normal([2, 1], stddev=0.5))
critic_b = tf.Variable(tf.zeros([1]))


def train_step(real):
    noise = np.random.normal(size=(real.shape[0], 4)).astype("float32")
    with tf.GradientTape(persistent=True) as tape:
        fake = tf.tanh(noise @ generator_w + generator_b)
        real_score = real @ critic_w + critic_b
        fake_score = fake @ critic_w + critic_b
        critic_loss = tf.reduce_mean(tf.nn.softplus(-real_score) + tf.nn.softplus(fake_score))
        generator_loss = tf.reduce_mean(tf.nn.softplus(-fake_score))
    for variable in (critic_w, critic_b):
        variable.assign_sub(0.1 * tape.gradient(critic_loss, variable))
    for variable in (generator_w, generator_b):
        variable.assign_sub(0.1 * tape.gradient(generator_loss, variable))
    return critic_loss, generator_loss


data = tf.constant(np.random.normal(loc=0.5, scale=0.1, size=(16, 2)), tf.float32)
for i in range(24):
    critic_loss, generator_loss = train_step(data)
    if i % 6 == 5:
        print(f"step {i + 1}: critic {float(critic_loss):.4f} generator {float(generator_loss):.4f}")
