"""Keras metrics are updated in the step: their state is in variables, and the loop resets it by epoch."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential([tf.keras.Input([3]), tf.keras.layers.Dense(4)])
optimizer = tf.keras.optimizers.Adam(0.05)
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
mean_loss = tf.keras.metrics.Mean(name="loss")
accuracy = tf.keras.metrics.SparseCategoricalAccuracy(name="accuracy")


def train_step(x, labels):
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss = loss_fn(labels, logits)
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    mean_loss.update_state(loss)
    accuracy.update_state(labels, logits)


rng = np.random.default_rng(0)
x = tf.constant(rng.normal(size=(32, 3)), tf.float32)
labels = tf.constant(rng.integers(0, 4, size=32), tf.int32)
for epoch in range(3):
    mean_loss.reset_state()
    accuracy.reset_state()
    for start in range(0, 32, 4):
        train_step(x[start : start + 4], labels[start : start + 4])
    print(f"epoch {epoch}: loss {float(mean_loss.result()):.5f} accuracy {float(accuracy.result()):.5f}")
