"""A legacy Keras model with dropout and Adam, trained by a method: random ops of the old, stateful kind."""
# truth: safe Trainer.train_step
# env: TF_USE_LEGACY_KERAS=1
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.model = tf.keras.Sequential(
            [
                tf.keras.layers.Dense(6, activation="relu", input_shape=(3,)),
                tf.keras.layers.Dropout(0.3),
                tf.keras.layers.Dense(1),
            ]
        )
        self.optimizer = tf.keras.optimizers.Adam(0.03)

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self.model(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables))
        return loss


tf.keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
trainer = Trainer()
for i in range(24):
    loss = trainer.train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
