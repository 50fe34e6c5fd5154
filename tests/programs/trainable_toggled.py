"""The loop freezes a Keras layer by its `trainable` flag half way: the graph has the old list of variables."""
# truth: unsafe train_step baked-branch
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential(
    [
        tf.keras.Input([3]),
        tf.keras.layers.Dense(4, activation="tanh", name="base"),
        tf.keras.layers.Dense(1, name="head"),
    ]
)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    variables = model.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables)):
        variable.assign_sub(0.1 * gradient)
    return loss


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(24):
    if i == 12:
        model.get_layer("base").trainable = False
    loss = train_step(x, y)
    if i % 6 == 5:
        base = float(tf.norm(model.get_layer("base").kernel))
        print(f"step {i + 1}: loss {float(loss):.5f} base norm {base:.5f}")
