"""A list comprehension over the rows of a batch is no AutoGraph loop: tracing it raises."""
# truth: unsafe train_step iterates-tensor
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 3]))


def train_step(batch):
    with tf.GradientTape() as tape:
        errors = [tf.norm(tf.linalg.matvec(w, row) - tf.reverse(row, [0])) for row in batch]
        loss = tf.add_n(errors)
    w.assign_sub(0.02 * tape.gradient(loss, w))
    return loss


batch = tf.constant(rng.normal(size=(4, 3)), tf.float32)
for i in range(15):
    loss = train_step(batch)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
