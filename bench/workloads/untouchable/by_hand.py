"""Fit a classifier to the iris data from a stream, with a replay buffer and plenty of bookkeeping.

Every function here computes with tensors, and none of them may become a graph as it stands.
"""

import argparse
import time

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_iris

rng = np.random.default_rng(3)
history = []


def robust_scale(x):
    """Centre each feature on its median and divide by its quartile range."""
    low, middle, high = np.percentile(x, [25, 50, 75], axis=0)
    return tf.constant((x - middle) / (high - low), tf.float32)


def jitter(x, amount):
    """Add sensor noise, so that no two epochs look alike."""
    noise = np.random.normal(0.0, amount, x.shape).astype("float32")
    return x + tf.clip_by_value(noise, -3.0 * amount, 3.0 * amount)


def record(loss, gradients):
    """Keep the loss and the norm of the gradients for the summary."""
    norm = tf.linalg.global_norm(gradients)
    history.append((loss, norm))
    return norm


def announce(step, loss):
    """Say how it goes, at every fiftieth step."""
    smooth = tf.math.log1p(loss)
    if step % 50 == 0:
        print(f"step {step:4d}  log(1 + loss) {smooth:.4f}")
    return smooth


def confidence(logits):
    """Return the mean probability of the predicted class as a Python float."""
    probabilities = tf.nn.softmax(logits)
    return tf.reduce_mean(tf.reduce_max(probabilities, axis=1)).numpy().item()


def time_decay(values):
    """Weigh values by their age on the wall clock: a half after a minute."""
    age = tf.constant(time.monotonic() - STARTED, tf.float32)
    return tf.reduce_mean(values) * tf.pow(0.5, age / 60.0)


class Learner:
    def __init__(self, capacity, learning_rate):
        self.weights = tf.Variable(tf.zeros([4, 3]))
        self.bias = tf.Variable(tf.zeros([3]))
        self.capacity = capacity
        self.learning_rate = learning_rate
        self.buffer = []
        self.temperature = 2.0

    def remember(self, x, y):
        self.buffer.append((x, y))
        if len(self.buffer) > self.capacity:
            self.buffer.pop(0)

    def anneal(self):
        self.temperature = max(1.0, self.temperature * 0.99)

    def predict(self, x):
        """Logits, softened by a temperature that ``anneal`` lowers as the training goes on."""
        return (tf.matmul(x, self.weights) + self.bias) / self.temperature

    def learn(self):
        """One step on a sample of the buffer; nothing until the buffer is full."""
        if len(self.buffer) < self.capacity:
            return None
        picks = rng.integers(0, self.capacity, 16)
        x = tf.stack([self.buffer[pick][0] for pick in picks])
        y = tf.stack([self.buffer[pick][1] for pick in picks])
        variables = [self.weights, self.bias]
        with tf.GradientTape() as tape:
            logits = self.predict(x)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
        gradients = tape.gradient(loss, variables)
        for variable, gradient in zip(variables, gradients):
            variable.assign_sub(self.learning_rate * gradient)
        record(loss, gradients)
        return loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=1500)
    args = parser.parse_args()

    np.random.seed(3)
    x, y = load_iris(return_X_y=True)
    x, y = robust_scale(x), tf.constant(y, tf.int32)
    learner = Learner(capacity=64, learning_rate=0.05)
    for step in range(1, args.steps + 1):
        pick = int(rng.integers(0, len(x)))
        learner.remember(jitter(x[pick], 0.05), y[pick])
        loss = learner.learn()
        if loss is not None:
            announce(step, loss)
            learner.anneal()

    recent = time_decay(tf.stack([norm for _, norm in history[-100:]]))
    logits = learner.predict(x)
    right = float(tf.reduce_mean(tf.cast(tf.argmax(logits, 1, tf.int32) == y, tf.float32)))
    print(f"accuracy {right:.4f}  confidence {confidence(logits):.4f}  {len(history)} updates")
    print(f"gradients settled: {bool(recent < 1.0)}")


STARTED = time.monotonic()

if __name__ == "__main__":
    main()
