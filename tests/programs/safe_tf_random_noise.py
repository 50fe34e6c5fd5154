"""A variational auto-encoder samples with tf.random.normal and tf.random.uniform inside its step."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
encoder = tf.Variable(tf.random.normal([4, 4], stddev=0.3))
decoder = tf.Variable(tf.random.normal([2, 4], stddev=0.3))


def train_step(x):
    keep = tf.cast(tf.random.uniform(tf.shape(x)) > 0.2, x.dtype)
    with tf.GradientTape() as tape:
        mean, log_variance = tf.split(tf.tanh((x * keep) @ encoder), 2, axis=1)
        code = mean + tf.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean))
        error = tf.reduce_mean((code @ decoder - x) ** 2)
        divergence = -0.5 * tf.reduce_mean(1.0 + log_variance - mean**2 - tf.exp(log_variance))
        loss = error + 0.1 * divergence
    encoder_gradient, decoder_gradient = tape.gradient(loss, [encoder, decoder])
    encoder.assign_sub(0.1 * encoder_gradient)
    decoder.assign_sub(0.1 * decoder_gradient)
    return loss


x = tf.constant(np.random.default_rng(0).normal(size=(16, 4)), tf.float32)
for i in range(24):
    loss = train_step(x)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
