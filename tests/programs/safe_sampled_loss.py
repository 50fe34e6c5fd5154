"""Word vectors by noise-contrastive estimation: the noise comes from an op with a random state of its own."""
# truth: safe train_step
# truth: safe sampled_loss
# note: with a seed of its own, the op gives the same noise eagerly and in a graph
import numpy as np
import tensorflow as tf

VOCABULARY, SIZE = 60, 8
vectors = tf.Variable(tf.random.stateless_uniform([VOCABULARY, SIZE], [1, 2], -1.0, 1.0))
weights = tf.Variable(tf.random.stateless_normal([VOCABULARY, SIZE], [3, 4]) * 0.3)
biases = tf.Variable(tf.zeros([VOCABULARY]))


def train_step(words, contexts):
    noise = tf.random.log_uniform_candidate_sampler(contexts, 1, 8, True, VOCABULARY, seed=5)
    with tf.GradientTape() as tape:
        chosen = tf.nn.embedding_lookup(vectors, words)
        losses = tf.nn.nce_loss(weights, biases, contexts, chosen, 8, VOCABULARY, sampled_values=noise)
        loss = tf.reduce_mean(losses)
    for variable, gradient in zip([vectors, weights, biases], tape.gradient(loss, [vectors, weights, biases])):
        variable.assign_sub(0.3 * tf.convert_to_tensor(gradient))
    return loss


def sampled_loss(words, contexts):
    chosen = tf.nn.embedding_lookup(vectors, words)
    return tf.reduce_mean(
        tf.nn.sampled_softmax_loss(weights, biases, contexts, chosen, 8, VOCABULARY, seed=7)
    )


generator = np.random.default_rng(0)
for step in range(30):
    words = generator.integers(0, VOCABULARY, 16)
    contexts = ((words + generator.integers(1, 3, 16)) % VOCABULARY).astype(np.int64)[:, None]
    loss = train_step(tf.constant(words), tf.constant(contexts))
    other = sampled_loss(tf.constant(words), tf.constant(contexts))
    if step % 6 == 5:
        print(f"{step + 1}: {float(loss):.3f} {float(other):.3f}")
