"""Legacy Keras and a warm-up of collecting only: train_step() learns nothing before ten transitions are there."""
# truth: unsafe Worker.train_step early-return
# env: TF_USE_LEGACY_KERAS=1
import numpy as np
import tensorflow as tf


class Worker:
    def __init__(self):
        self.model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(3,))])
        self.optimizer = tf.keras.optimizers.SGD(0.1)
        self.collected = []

    def collect(self, row):
        self.collected.append(row)

    def train_step(self, y):
        if len(self.collected) < 10:
            return
        x = tf.stack(self.collected[:10])
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self.model(x) - y) ** 2)
        variables = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))


tf.keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
worker = Worker()
y = tf.constant(rng.normal(size=(10, 1)), tf.float32)
for i in range(30):
    worker.collect(tf.constant(rng.normal(size=3), tf.float32))
    worker.train_step(y)
    if i % 6 == 5:
        print(f"step {i + 1}: kernel norm {float(tf.norm(worker.model.trainable_variables[0])):.5f}")
