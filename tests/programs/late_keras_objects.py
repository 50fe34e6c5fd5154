"""A weight's constraint and a layer's regularizer read a module's settings, which change late; Keras calls both."""
# truth: unsafe constrained_step baked-global
# truth: unsafe regularized_step baked-global
import numpy as np
import tensorflow as tf

EPOCHS, STEPS = 24, 10
LIMITS = {"norm": 0.5}
DECAY = 0.01


class Limited(tf.keras.constraints.Constraint):
    def __call__(self, weight):
        return tf.clip_by_norm(weight, LIMITS["norm"])


class Decayed(tf.keras.regularizers.Regularizer):
    def __call__(self, weight):
        return DECAY * tf.reduce_sum(weight**2)


tf.keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
limited = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1, kernel_constraint=Limited())])
decayed = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1, kernel_regularizer=Decayed())])
first, second = tf.keras.optimizers.SGD(0.02), tf.keras.optimizers.SGD(0.02)


def constrained_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((limited(x, training=True) - y) ** 2)
    first.apply(tape.gradient(loss, limited.trainable_variables), limited.trainable_variables)
    return loss


def regularized_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((decayed(x, training=True) - y) ** 2) + tf.add_n(decayed.losses)
    second.apply(tape.gradient(loss, decayed.trainable_variables), decayed.trainable_variables)
    return loss


for epoch in range(EPOCHS):
    if epoch == EPOCHS - 1:
        LIMITS["norm"], DECAY = 2.0, 0.1
    for _ in range(STEPS):
        x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
        y = x @ tf.constant([[1.0], [-2.0], [0.5]])
        losses = constrained_step(x, y), regularized_step(x, y)
    print(f"epoch {epoch}: losses {float(losses[0]):.5f} {float(losses[1]):.5f}")
