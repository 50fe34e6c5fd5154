"""The cost of observation: units of work with twenty candidates watched, and the same units unwatched.

Both take turns in one process, a few units each, so that the machine's drift affects both. Run it with
``pytest bench/bench_observe.py``, or as a script, which prints a table.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf

from hybridize.dynamic.child.observing import Observer

MOST = 1.15
CANDIDATES = 20
TURNS, UNITS = 40, 10

Functions = dict[str, Callable[..., Any]]


def watched(functions: Functions) -> Functions:
    """The functions, hooked as in an observed run."""
    folder = str(Path(__file__).parent)
    job = {"project": (folder, folder), "candidates": {name: {} for name in functions}}
    child: Any = SimpleNamespace(job=job, boundary=lambda: None, request_cut=lambda reason: None)
    observer = Observer(child)
    return {name: observer.wrap(name, function) for name, function in functions.items()}


class Trainer:
    """Ten layers of two candidates each, with settings, logs and data as in typical trainers."""

    def __init__(self, width: int, functions: Callable[[Functions], Functions]) -> None:
        generator = np.random.default_rng(0)
        self.data = generator.normal(size=(2000, 64)).astype(np.float32)
        self.history = {"loss": [0.0] * 500, "epoch": list(range(50))}
        self.settings = {"rate": 0.01, "layers": 10, "names": [f"layer {n}" for n in range(10)]}
        self.x = tf.constant(generator.normal(size=(32, width)), tf.float32)
        self.weights = [
            tf.Variable(generator.normal(size=(width, width)).astype(np.float32) / width**0.5) for _ in range(10)
        ]
        self.biases = [tf.Variable(tf.zeros(width)) for _ in range(10)]
        own: Functions = {}
        for number in range(CANDIDATES // 2):
            own[f"affine{number}"] = self._make_affine(number)
            own[f"activate{number}"] = self._make_activation()
        self.functions = functions(own)

    def _make_affine(self, number: int) -> Callable[..., Any]:
        def affine(x: Any, scale: float = 1.0) -> Any:
            return scale * (x @ self.weights[number]) + self.biases[number]

        return affine

    def _make_activation(self) -> Callable[..., Any]:
        def activate(x: Any) -> Any:
            return tf.nn.relu(x) - 0.1 * tf.nn.relu(-x)

        return activate

    def unit(self) -> Any:
        """One training step."""
        variables = [*self.weights, *self.biases]
        with tf.GradientTape() as tape:
            x = self.x
            for number in range(CANDIDATES // 2):
                x = self.functions[f"activate{number}"](self.functions[f"affine{number}"](x))
            loss = tf.reduce_mean(x**2)
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(1e-4 * gradient)
        return loss


def measure(width: int) -> tuple[float, float, float, float]:
    """The ratio of a watched unit's time to an unwatched one's, twice, and the seconds of both (unwatched first).

    The first ratio is the median over turns. The second is that of all turns together, where closely inspected calls
    have the same weight as in a run. The seconds are medians.
    """
    arms = [Trainer(width, lambda functions: functions), Trainer(width, watched)]
    for arm in arms:
        for _ in range(UNITS):
            arm.unit().numpy()
    ratios, seconds = [], ([], [])
    gc.collect()
    for turn in range(TURNS):
        spent = [0.0, 0.0]
        for index in (0, 1) if turn % 2 == 0 else (1, 0):
            begun = time.perf_counter()
            for _ in range(UNITS):
                arms[index].unit()
            arms[index].weights[0].numpy()
            spent[index] = (time.perf_counter() - begun) / UNITS
            seconds[index].append(spent[index])
        ratios.append(spent[1] / spent[0])
    whole = sum(seconds[1]) / sum(seconds[0])
    return statistics.median(ratios), whole, statistics.median(seconds[0]), statistics.median(seconds[1])


@pytest.mark.parametrize("width", [32, 256])
def test_being_watched_costs_at_most_15_percent(width: int, benchmark: BenchmarkFixture) -> None:
    ratio, whole, plain, hooked = benchmark.pedantic(measure, args=(width,), rounds=1, iterations=1)
    benchmark.extra_info.update(watched=ratio, watched_all=whole, eager_ms=1e3 * plain, watched_ms=1e3 * hooked)
    assert min(ratio, whole) <= MOST, "the smaller one: a pause of the machine in one turn is not ours"


def main() -> None:
    print("width  unwatched ms  watched ms  ratio  ratio of all")
    for width in (32, 128, 256, 512):
        ratio, whole, plain, hooked = measure(width)
        print(f"{width:5d}  {1e3 * plain:12.2f}  {1e3 * hooked:10.2f}  {ratio:5.3f}  {whole:12.3f}")


if __name__ == "__main__":
    sys.exit(main())
