"""The optimizer asks an object of the project for the rate, by the epoch that the loop sets; it drops in the last."""
# truth: unsafe train_step baked-attribute
# note: no function of the project names what the graph would keep: Keras calls the schedule.
import numpy as np
import tensorflow as tf

EPOCHS, STEPS = 24, 10


class Schedule:
    def __init__(self, base):
        self.base = base
        self.epoch = 0

    def __call__(self):
        return self.base * (0.1 if self.epoch >= EPOCHS - 1 else 1.0)


rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))
schedule = Schedule(0.02)
optimizer = tf.keras.optimizers.SGD(learning_rate=schedule)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    return loss


for epoch in range(EPOCHS):
    schedule.epoch = epoch
    for _ in range(STEPS):
        x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
        noise = tf.constant(rng.normal(size=(16, 1)), tf.float32)
        loss = train_step(x, x @ tf.constant([[1.0], [-2.0], [0.5]]) + noise)
    print(f"epoch {epoch}: loss {float(loss):.5f} w {w.numpy().ravel()}")
