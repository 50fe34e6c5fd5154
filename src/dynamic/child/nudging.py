"""Perturbs a function's inputs by rounding errors, to measure their effect on its results (in the child process)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from . import variables

#: By how many machine epsilons inputs are perturbed.
NUDGE_EPS = 4.0
# Number types that NumPy itself does not have, with their epsilon: two to the power of minus the mantissa's bits.
_EXTENSIONS = {"bfloat16": 2.0**-7, "float8_e4m3fn": 2.0**-3, "float8_e5m2": 2.0**-2}


class Nudge:
    """On entry, perturbs the floating-point variables by up to ``size`` machine epsilons; does not restore them."""

    def __init__(self, before: Any, seed: int = 0, size: float = NUDGE_EPS) -> None:
        self.before = before
        self.size = size
        self._generator = np.random.Generator(np.random.PCG64(11 + seed))

    def __enter__(self) -> Nudge:
        for value in self.before.values():
            array = variables.as_array(value)
            if is_inexact(array.dtype):
                value.variable.assign(self._off(array))
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def moved(self, arguments: Any) -> Any:
        """Arguments with their floating-point tensors and arrays perturbed too."""
        return self._map(self._off, arguments)

    def copied(self, arguments: Any) -> Any:
        """Arguments with their floating-point tensors and arrays replaced by exact copies."""
        return self._map(lambda array: array.copy(), arguments)

    def _map(self, change: Callable[[Any], Any], arguments: Any) -> Any:
        def replace(leaf: Any) -> Any:
            if isinstance(leaf, np.ndarray) and is_inexact(leaf.dtype):
                return change(leaf)
            if type(leaf).__name__ == "EagerTensor" and (leaf.dtype.is_floating or leaf.dtype.is_complex):
                return tf.constant(change(leaf.numpy()))
            return leaf

        try:
            return tf.nest.map_structure(replace, arguments)
        except (TypeError, ValueError):  # keys that can't be sorted
            return arguments

    def _off(self, array: Any) -> Any:
        size = self.size * epsilon(array.dtype)
        if array.dtype.kind == "c":  # each part separately: a common factor would not change the angle
            real, imaginary = (part * (1 + self._generator.uniform(-size, size, part.shape)) for part in _parts(array))
            return (real + 1j * imaginary).astype(array.dtype)
        if array.dtype.kind != "f":  # a type that NumPy itself does not have: compute in float64
            wide = array.astype(np.float64)
            return (wide * (1 + self._generator.uniform(-size, size, array.shape))).astype(array.dtype)
        return array * (1 + self._generator.uniform(-size, size, array.shape).astype(array.dtype))


def is_inexact(dtype: np.dtype[Any]) -> bool:
    """Whether numbers of a dtype are rounded: real and complex ones, including types that NumPy itself lacks."""
    return dtype.kind in "fc" or dtype.name in _EXTENSIONS


def is_whole(array: np.ndarray[Any, Any]) -> bool:
    """Whether an array of such a dtype contains only whole numbers: a counter may be stored as a float."""
    parts = _parts(array) if array.dtype.kind == "c" else [array.astype(np.float64)]
    return not any(np.any(np.mod(part, 1.0)) for part in parts)


def epsilon(dtype: np.dtype[Any]) -> float:
    """The distance from one to the next larger number of a dtype, or of the parts of a complex dtype."""
    return _EXTENSIONS[dtype.name] if dtype.name in _EXTENSIONS else float(np.finfo(dtype).eps)


def _parts(array: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return array.real, array.imag
