"""Recognize digits with a small convolutional network, written with tf.nn and plain variables."""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits


class ConvNet(tf.Module):
    def __init__(self, rng):
        super().__init__()
        shapes = [(3, 3, 1, 16), (3, 3, 16, 24), (3, 3, 24, 32), (128, 10)]
        self.kernels = [
            tf.Variable(rng.normal(0.0, np.sqrt(2.0 / np.prod(shape[:-1])), shape).astype("float32"))
            for shape in shapes
        ]
        self.biases = [tf.Variable(tf.zeros([shape[-1]])) for shape in shapes]

    def __call__(self, x):
        for kernel, bias in zip(self.kernels[:2], self.biases[:2]):
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, strides=1, padding="SAME") + bias)
        x = tf.nn.max_pool2d(x, 2, 2, "SAME")
        x = tf.nn.relu(tf.nn.conv2d(x, self.kernels[2], strides=1, padding="SAME") + self.biases[2])
        x = tf.nn.max_pool2d(x, 2, 2, "SAME")
        x = tf.reshape(x, [-1, 128])
        return tf.matmul(x, self.kernels[3]) + self.biases[3]


class Experiment:
    def __init__(self, model, learning_rate):
        self.model = model
        self.learning_rate = learning_rate
        self.slots = [tf.Variable(tf.zeros_like(v)) for v in model.trainable_variables]

    @tf.function
    def train_step(self, images, labels):
        with tf.GradientTape() as tape:
            logits = self.model(images)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            )
        variables = self.model.trainable_variables
        for variable, slot, gradient in zip(variables, self.slots, tape.gradient(loss, variables)):
            slot.assign(0.9 * slot + gradient)
            variable.assign_sub(self.learning_rate * slot)
        return loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch-size", type=int, default=64)
    args = parser.parse_args()

    rng = np.random.default_rng(16)
    images, labels = load_digits(return_X_y=True)
    images = (images / 16.0).astype("float32").reshape(-1, 8, 8, 1)
    labels = labels.astype("int32")
    test_images, test_labels = tf.constant(images[1500:]), labels[1500:]
    experiment = Experiment(ConvNet(rng), learning_rate=0.02)
    for step in range(1, args.steps + 1):
        index = rng.integers(0, 1500, args.batch_size)
        loss = experiment.train_step(tf.constant(images[index]), tf.constant(labels[index]))
        if step % 30 == 0:
            predicted = tf.argmax(experiment.model(test_images), axis=1).numpy()
            accuracy = np.mean(predicted == test_labels)
            print(f"step {step:3d} | loss {loss.numpy():.4f} | test accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
