"""Trains in another process than the script's own, started in one of the usual ways."""

import argparse
import concurrent.futures
import multiprocessing
import os
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("how", choices=["spawn", "fork", "os.fork", "pool", "futures", "joblib", "subprocess", "here"])
STEPS = 150


def train_step(weights, x):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.nn.tanh(x @ weights) - 1.0) ** 2)
    weights.assign_sub(0.05 * tape.gradient(loss, weights))
    return loss


def train(seed):
    import tensorflow as tf

    weights = tf.Variable(tf.zeros([3, 1]))
    for number in range(STEPS):
        loss = train_step(weights, tf.random.stateless_normal([8, 3], [seed, number]))
    print(f"seed {seed}: loss {float(loss):.5f}", flush=True)


def main(how):
    if how in ("spawn", "fork"):
        worker = multiprocessing.get_context(how).Process(target=train, args=(1,))
        worker.start()
        worker.join()
    elif how == "os.fork":
        child = os.fork()
        if not child:
            train(1)
            os._exit(0)
        os.waitpid(child, 0)
    elif how == "pool":
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            pool.map(train, [1])
    elif how == "futures":
        with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
            list(executor.map(train, [1]))
    elif how == "joblib":
        import joblib

        joblib.Parallel(n_jobs=2)(joblib.delayed(train)(seed) for seed in (1, 2))
    elif how == "subprocess":
        subprocess.run([sys.executable, __file__, "here"], check=True)
    else:
        train(1)


if __name__ == "__main__":
    main(parser.parse_args().how)
