"""Batches come from processes of their own, which are forked before training and told to stop after it."""

import multiprocessing

import numpy as np
import tensorflow as tf


def produce(seed, batches, count):
    generator = np.random.default_rng(seed)
    for _ in range(count):
        batches.put(generator.normal(size=(8, 3)).astype("float32"))


def train_step(weights, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ weights - 1.0) ** 2)
    weights.assign_sub(0.05 * tape.gradient(loss, weights))
    return loss


def main():
    context = multiprocessing.get_context("fork")
    batches = context.Queue(maxsize=8)
    workers = [context.Process(target=produce, args=(seed, batches, 40), daemon=True) for seed in range(1)]
    for worker in workers:
        worker.start()
    weights = tf.Variable(tf.zeros([3, 1]))
    for number in range(40):
        loss = train_step(weights, tf.constant(batches.get()))
        if number % 10 == 9:
            print(f"step {number}: loss {float(loss):.5f}")
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
