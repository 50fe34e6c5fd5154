"""The time before anything is run: the import, the help, and the scan of a project of a hundred files.

Each runs as a user runs it, in a fresh process, start-up included.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

OPTIMIZE = Path(sys.executable).with_name("optimize")

DATA = '''
"""Series {number}: windows of a random walk, as a dataset of batches."""
import numpy as np
import tensorflow as tf


def walk(length, rng):
    steps = rng.normal(size=length)
    return np.cumsum(steps).astype("float32")


def windows(series, size):
    starts = range(len(series) - size)
    return np.stack([series[start : start + size] for start in starts]), series[size:]


def make_dataset(length={number}00, size=16, batch_size=32):
    x, y = windows(walk(length + size, np.random.default_rng({number})), size)
    dataset = tf.data.Dataset.from_tensor_slices((x, y[:, None]))
    return dataset.shuffle(length).map(lambda a, b: (a - tf.reduce_mean(a), b)).batch(batch_size)
'''

LAYERS = '''
"""Block {number}: a residual layer with a gate."""
import tensorflow as tf


class Gate{number}(tf.keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units
        self.calls = 0

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), initializer="glorot_uniform")
        self.gate = self.add_weight(shape=(shape[-1], self.units), initializer="glorot_uniform")

    def call(self, x, training=False):
        value, gate = tf.matmul(x, self.kernel), tf.matmul(x, self.gate)
        if training:
            value = tf.nn.dropout(value, rate=0.1)
        return activate(value) * tf.sigmoid(gate)


def activate(x):
    return x * tf.tanh(tf.math.softplus(x))


def norms(weights):
    return [float(tf.norm(weight)) for weight in weights]
'''

MODEL = '''
"""Model {number}: what it computes, and how far off it is."""
import tensorflow as tf

from layers_{number} import Gate{number}, norms


class Model{number}(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [Gate{number}(32) for _ in range(3)]
        self.head = tf.keras.layers.Dense(1)

    def call(self, x, training=False):
        for block in self.blocks:
            x = x[:, : block.units] + block(x, training=training)
        return self.head(x)


def loss_of(model, x, y):
    error = model(x, training=True) - y
    return tf.reduce_mean(tf.where(tf.abs(error) < 1.0, 0.5 * tf.square(error), tf.abs(error) - 0.5))


def report(model, seen=[]):
    seen.append(norms(model.trainable_variables))
    print(len(seen), seen[-1])
'''

TRAINING = '''
"""Experiment {number}: trains model {number} on series {number}."""
import tensorflow as tf

from data_{number} import make_dataset
from model_{number} import Model{number}, loss_of, report


class Trainer:
    def __init__(self, model, learning_rate):
        self.model = model
        self.optimizer = tf.keras.optimizers.Adam(learning_rate)
        self.mean = tf.keras.metrics.Mean()
        self.best = None

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = loss_of(self.model, x, y)
        weights = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        self.mean.update_state(loss)
        return loss

    def fit(self, dataset, epochs):
        for epoch in range(epochs):
            self.mean.reset_state()
            for x, y in dataset:
                self.train_step(x, y)
            result = float(self.mean.result())
            if self.best is None or result < self.best:
                self.best = result
            report(self.model)


if __name__ == "__main__":
    Trainer(Model{number}(), 1e-3).fit(make_dataset(), 3)
'''

KINDS = {"data": DATA, "layers": LAYERS, "model": MODEL, "train": TRAINING}


def write_project(root: Path, files: int = 100) -> None:
    """Write a project of ``files`` files: data, layers, models and training scripts that import each other."""
    for number in range(1, files // len(KINDS) + 1):
        for kind, text in KINDS.items():
            source = text.lstrip().replace("{number}", str(number))
            (root / f"{kind}_{number}.py").write_text(source, encoding="utf-8")


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [OPTIMIZE, *arguments], cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(tmp_path)
    return tmp_path


def test_import(benchmark: BenchmarkFixture) -> None:
    command = [sys.executable, "-c", "import hybridize.cli"]
    benchmark.pedantic(subprocess.run, args=(command,), kwargs={"check": True}, rounds=15, warmup_rounds=2)


def test_help(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    done = benchmark.pedantic(run, args=("--help",), kwargs={"cwd": tmp_path}, rounds=15, warmup_rounds=2)
    assert done.returncode == 0
    assert "--train-script" in done.stdout


def test_scan_of_a_hundred_files(benchmark: BenchmarkFixture, project: Path) -> None:
    done = benchmark.pedantic(run, args=("scan", "."), kwargs={"cwd": project}, rounds=10, warmup_rounds=1)
    assert done.returncode in (0, 1), done.stderr
    assert "Trainer.train_step" in done.stdout
