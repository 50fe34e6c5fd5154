"""Inside the child: what is wrong with a trace that was made while Keras 3 builds a layer symbolically.

The first call of a layer or a model runs its `call` once without values, to make the weights. A weight that is read
then stands for the value of its initializer, and an update is lost. A `tf.function` that is traced there keeps that
for good.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

_DRAWS = frozenset(
    {
        "RandomStandardNormal",
        "RandomUniform",
        "TruncatedNormal",
        "StatelessRandomNormal",
        "StatelessRandomNormalV2",
        "StatelessRandomUniform",
        "StatelessRandomUniformV2",
        "StatelessTruncatedNormal",
        "StatelessTruncatedNormalV2",
        "StatelessRandomUniformFullIntV2",
        "StatelessRandomUniformIntV2",
    }
)


def fault(operations: Iterable[Any]) -> str:
    """Which of `wording.TRACE_FAULTS` the operations of a trace show; empty where they show none.

    That variables are captured says nothing of the weights: a layer that is built before has some.
    """
    keras = sys.modules.get("keras")
    if not hasattr(keras, "Variable"):
        # Keras 2 builds nothing symbolically.
        return ""
    read: set[str] = set()
    moved: set[str] = set()
    for op in operations:
        if op.type in _DRAWS and _stands_for_a_weight(op):
            return "weights"
        if op.type == "ReadVariableOp" and _is_of_seeds(op):
            read.add(op.inputs[0].name)
        elif op.type.startswith("Assign") and op.inputs:
            moved.add(op.inputs[0].name)
    return "seeds" if read - moved else ""


def _stands_for_a_weight(op: Any) -> bool:
    """Whether an op that draws random numbers stands for a weight that is not made yet."""
    frames = list(op.traceback or ())
    if not any((frame.filename, frame.name) == _value() for frame in frames):
        return False
    return any(frame.filename.startswith(_initializers()) for frame in frames)


def _is_of_seeds(op: Any) -> bool:
    return any((frame.filename, frame.name) == _next() for frame in op.traceback or ())


@functools.cache
def _value() -> tuple[str, str]:
    import keras

    return _code(next(vars(base)["value"].fget for base in keras.Variable.__mro__ if "value" in vars(base)))


@functools.cache
def _next() -> tuple[str, str]:
    import keras

    return _code(keras.random.SeedGenerator.next)


@functools.cache
def _initializers() -> str:
    import keras

    return os.path.dirname(_code(keras.initializers.RandomNormal.__call__)[0]) + os.sep


def _code(function: Callable[..., Any]) -> tuple[str, str]:
    """The file and the name by which a traceback knows a function."""
    code = function.__code__
    return code.co_filename, code.co_name
