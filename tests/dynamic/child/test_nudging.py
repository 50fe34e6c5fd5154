"""Inputs are moved by rounding errors, whatever type their numbers are of."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported

EPSILONS = {
    "float16": 2.0**-10, "float32": 2.0**-23, "float64": 2.0**-52, "bfloat16": 2.0**-7, "complex64": 2.0**-23,
    "complex128": 2.0**-52, "float8_e5m2": 2.0**-2, "float8_e4m3fn": 2.0**-3,
}  # fmt: skip


def values(tf: Any, name: str) -> Any:
    real, imaginary = np.random.default_rng(0).uniform(0.5, 2.0, (2, 200))
    return tf.cast(tf.constant(real + 1j * imaginary if name.startswith("complex") else real), name)


def distance(before: Any, after: Any) -> tuple[float, float]:
    """How far the parts of an array moved at most, relative to themselves, and how many of them did."""
    old, new = np.asarray(before), np.asarray(after)
    parts = [(old.real, new.real), (old.imag, new.imag)] if old.dtype.kind == "c" else [(old, new)]
    moved = np.concatenate([np.abs(b.astype(float) / a.astype(float) - 1) for a, b in parts])
    return float(moved.max()), float(np.mean(moved > 0))


@pytest.mark.parametrize("name", EPSILONS)
def test_variables_and_arguments_of_every_type_are_moved(tf: Any, tracked: Any, name: str) -> None:
    from hybridize.dynamic.child.nudging import NUDGE_EPS, Nudge

    start = values(tf, name)
    variable = tf.Variable(start)
    with Nudge(tracked.snapshot(), 1) as nudge:
        tensor, array = nudge.moved(start), nudge.moved(start.numpy())
        moved = {"variable": variable.numpy(), "tensor": tensor.numpy(), "array": array}
    for what, now in moved.items():
        assert now.dtype == start.numpy().dtype, what
        most, share = distance(start.numpy(), now)
        assert 0 < most <= (NUDGE_EPS + 1) * EPSILONS[name] and share > 0.5, what


def test_the_angle_of_a_complex_number_moves_too(tf: Any) -> None:
    from hybridize.dynamic.child.nudging import Nudge

    start = values(tf, "complex64").numpy()
    moved = Nudge({}, size=100.0).moved(start)
    assert np.mean(np.angle(moved) != np.angle(start)) > 0.9


def test_whole_numbers_and_texts_are_left(tf: Any) -> None:
    from hybridize.dynamic.child.nudging import Nudge

    given = {"a": tf.constant([1, 2]), "b": np.array(["x"]), "c": np.array([True]), "d": tf.constant("x")}
    moved = Nudge({}).moved(given)
    assert all(moved[key] is value for key, value in given.items())


@pytest.mark.parametrize("name", ["complex64", "bfloat16", "float32"])
def test_what_amplifies_rounding_is_told_apart_from_a_difference(tf: Any, tracked: Any, name: str) -> None:
    """The noise is that of the type itself, so that a graph which rounds otherwise is no drift."""
    from hybridize.dynamic.child.nudging import Nudge

    weight = tf.Variable(values(tf, name))
    before = tracked.snapshot()

    def run() -> Any:
        result = tf.reduce_sum(weight - tf.cast(1.0, weight.dtype)).numpy()
        return np.asarray(result).astype(np.complex128)

    plain = run()
    with Nudge(before, 1):
        assert abs(run() - plain) > 0


@pytest.mark.parametrize("name", ["complex64", "bfloat16"])
def test_a_nudged_run_moves_them_and_no_counter(tf: Any, tracked: Any, name: str) -> None:
    from hybridize.dynamic.child.replaying import Replay

    weight, counter = tf.Variable(values(tf, name)), tf.Variable(tf.cast(tf.ones(3) * 7, name))
    start = weight.numpy()
    run: Any = SimpleNamespace(nudge=2, units=0)
    Replay._nudge(run)
    assert distance(start, weight.numpy())[1] > 0.5
    assert np.array_equal(counter.numpy(), tf.cast(tf.ones(3) * 7, name).numpy())
