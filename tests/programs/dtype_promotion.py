"""NumPy promotes uint8 / 255 to float64, TensorFlow to float32: the features come out with another dtype."""
# truth: unsafe normalize dtype
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([4], tf.float64))


def normalize(pixels):
    scaled = pixels / 255
    return tf.stack([tf.reduce_mean(scaled), tf.reduce_max(scaled), tf.reduce_min(scaled), scaled[0]])


def train_step(features, target):
    with tf.GradientTape() as tape:
        loss = (tf.tensordot(features, w, 1) - target) ** 2
    w.assign_sub(0.03 * tape.gradient(loss, w))
    return loss


for i in range(16):
    features = normalize(rng.integers(0, 255, size=6, dtype=np.uint8))
    loss = train_step(tf.cast(features, tf.float64), tf.constant(1.0, tf.float64))
    if i % 4 == 3:
        print(f"step {i + 1}: loss {float(loss):.5f} from {features.dtype.name} features")
