"""A sibling closure rebinds the cell that the step reads: the graph keeps the cell's first content."""
# truth: unsafe make_trainer.<locals>.train_step baked-closure
import numpy as np
import tensorflow as tf


def make_trainer(w):
    temperature = 1.0

    def cool_down():
        nonlocal temperature
        temperature *= 0.7

    def train_step(x, labels):
        with tf.GradientTape() as tape:
            logits = (x @ w) / temperature
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        w.assign_sub(0.2 * tape.gradient(loss, w))
        return loss

    return train_step, cool_down


rng = np.random.default_rng(0)
train_step, cool_down = make_trainer(tf.Variable(tf.zeros([3, 4])))
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
labels = tf.constant(rng.integers(0, 4, size=16), tf.int32)
for epoch in range(4):
    for _ in range(6):
        loss = train_step(x, labels)
    print(f"epoch {epoch}: loss {float(loss):.5f}")
    cool_down()
