"""Inside the child: how far rounding alone moves what a function computes, found by moving its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from . import variables

#: By how many machine epsilons inputs are moved.
NUDGE_EPS = 4.0


class Nudge:
    """While entered, the floating-point variables stand ``size`` rounding errors (machine epsilons) off."""

    def __init__(self, before: Any, seed: int = 0, size: float = NUDGE_EPS) -> None:
        self.before = before
        self.size = size
        self._generator = np.random.Generator(np.random.PCG64(11 + seed))

    def __enter__(self) -> Nudge:
        for value in self.before.values():
            array = variables.as_array(value)
            if array.dtype.kind == "f":
                value.variable.assign(self._off(array))
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def moved(self, arguments: Any) -> Any:
        """Arguments with their floating-point tensors and arrays a rounding error off, too."""
        return self._map(self._off, arguments)

    def copied(self, arguments: Any) -> Any:
        """Arguments with the same tensors and arrays replaced by exact copies."""
        return self._map(lambda array: array.copy(), arguments)

    def _map(self, change: Callable[[Any], Any], arguments: Any) -> Any:
        def replace(leaf: Any) -> Any:
            if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f":
                return change(leaf)
            if type(leaf).__name__ == "EagerTensor" and leaf.dtype.is_floating and leaf.dtype.size >= 4:
                return tf.constant(change(leaf.numpy()))
            return leaf

        try:
            return tf.nest.map_structure(replace, arguments)
        except (TypeError, ValueError):  # keys that can't be sorted
            return arguments

    def _off(self, array: Any) -> Any:
        size = self.size * float(np.finfo(array.dtype).eps)
        return array * (1 + self._generator.uniform(-size, size, array.shape).astype(array.dtype))
