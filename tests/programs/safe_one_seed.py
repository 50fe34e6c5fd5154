"""One seed is set at the start, twice over, and again for each epoch's samples: it is the same each time."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

tf.random.set_seed(3)
tf.keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    x = x + tf.random.normal(tf.shape(x), stddev=0.3)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    return loss


for epoch in range(6):
    for _ in range(10):
        x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
        loss = train_step(x, x @ tf.constant([[1.0], [-2.0], [0.5]]))
    tf.random.set_seed(3)
    sample = tf.random.normal([2])
    print(f"epoch {epoch}: loss {float(loss):.5f} w {w.numpy().ravel()} sample {sample.numpy()}")
