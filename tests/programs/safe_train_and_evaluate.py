"""A training and an evaluation function share a model with batch normalization; both are called in turn."""
# truth: safe train_step
# truth: safe evaluate
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential(
    [
        tf.keras.Input([3]),
        tf.keras.layers.Dense(6),
        tf.keras.layers.BatchNormalization(momentum=0.8),
        tf.keras.layers.Dense(1),
    ]
)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    variables = model.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables)):
        variable.assign_sub(0.02 * gradient)
    return loss


def evaluate(x, y):
    error = model(x, training=False) - y
    return tf.reduce_mean(error**2), tf.reduce_max(tf.abs(error))


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(24):
    loss = train_step(x, y)
    mean_error, worst = evaluate(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f} evaluated {float(mean_error):.5f} worst {float(worst):.5f}")
