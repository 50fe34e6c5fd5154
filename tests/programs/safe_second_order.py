"""A gradient penalty: a tape inside a tape, and the step's gradient goes through the inner gradient."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
w1 = tf.Variable(tf.random.normal([2, 6], stddev=0.5))
w2 = tf.Variable(tf.random.normal([6, 1], stddev=0.5))


def critic(x):
    return tf.tanh(x @ w1) @ w2


def train_step(real, fake):
    with tf.GradientTape() as tape:
        between = 0.5 * (real + fake)
        with tf.GradientTape() as inner:
            inner.watch(between)
            score = critic(between)
        slopes = tf.norm(inner.gradient(score, between), axis=1)
        loss = tf.reduce_mean(critic(fake) - critic(real)) + tf.reduce_mean((slopes - 1.0) ** 2)
    for variable, gradient in zip((w1, w2), tape.gradient(loss, (w1, w2))):
        variable.assign_sub(0.05 * gradient)
    return loss


rng = np.random.default_rng(0)
real = tf.constant(rng.normal(loc=1.0, size=(8, 2)), tf.float32)
fake = tf.constant(rng.normal(loc=-1.0, size=(8, 2)), tf.float32)
for i in range(24):
    loss = train_step(real, fake)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
