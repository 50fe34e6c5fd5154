"""The step pops the label out of the caller's batch and leaves its error there: tf.function forbids both."""
# truth: unsafe train_step mutated-argument
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(batch):
    label = batch.pop("label")
    with tf.GradientTape() as tape:
        error = batch["features"] @ w - label
        loss = tf.reduce_mean(error**2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    batch["error"] = error
    return loss


features = tf.constant(rng.normal(size=(16, 3)), tf.float32)
label = features @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    batch = {"features": features, "label": label}
    loss = train_step(batch)
    if i % 5 == 4:
        worst = float(tf.reduce_max(tf.abs(batch["error"])))
        print(f"step {i + 1}: loss {float(loss):.5f} worst {worst:.5f} keys {sorted(batch)}")
