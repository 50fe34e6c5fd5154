"""A factory makes a step for each trial, each with a model, an optimizer and a rate of its own."""
# truth: safe make_step.<locals>.step
# note: each function object has its own traces, and they differ: what another trial's closure holds is not theirs
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)


def make_step(model, optimizer, rate):
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2) * rate
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    return step


generator = np.random.default_rng(0)
x = tf.constant(generator.normal(size=(64, 4)), tf.float32)
y = tf.reduce_sum(x, axis=1, keepdims=True)
for width, rate in ((4, 1.0), (8, 0.5), (16, 0.25)):
    model = tf.keras.Sequential([tf.keras.layers.Dense(width, activation="tanh"), tf.keras.layers.Dense(1)])
    model.build((None, 4))
    optimizer = tf.keras.optimizers.SGD(0.05)
    optimizer.build(model.trainable_variables)
    step = make_step(model, optimizer, rate)
    for number in range(24):
        rows = slice(8 * (number % 8), 8 * (number % 8) + 8)
        loss = step(x[rows], y[rows])
    print(f"width {width}: {float(loss):.4f}")
