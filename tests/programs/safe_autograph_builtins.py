"""What looks like eager-only Python and is not: AutoGraph carries loops over tensors, len, int, float and `if`."""
# truth: safe train_step
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        total = tf.constant(0.0)
        for row in x:
            total += tf.tensordot(row, w, 1)
        for i in range(tf.shape(x)[0]):
            total += (tf.tensordot(x[i], w, 1) - y[i]) ** 2
        loss = total / len(x)
    gradient = tape.gradient(loss, w)
    worst = gradient[int(tf.argmax(tf.abs(gradient)))]
    rate = 0.1 if tf.abs(worst) < 1.0 and isinstance(worst, tf.Tensor) else 0.05
    w.assign_sub(rate * gradient / (1.0 + float(tf.norm(gradient))))
    return loss


x = tf.constant(rng.normal(size=(4, 3)), tf.float32)
y = tf.constant(rng.normal(size=4), tf.float32)
for i in range(24):
    loss = train_step(x, y)
    if i % 6 == 5:
        print(f"step {i + 1}: loss {float(loss):.5f}")
