"""Finds faults of a trace that was made while Keras 3 builds a layer symbolically (in the child process).

The first call of a layer or a model runs its `call` once without values, to create the weights. There a weight reads
as the value of its initializer, and an update is lost. A `tf.function` that is traced there keeps these faults.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from ...tensorflow_internals import initializers_folder, seed_code, weight_code

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
    """The key in `wording.TRACE_FAULTS` of a fault that a trace's operations show; empty if there is none.

    Captured variables do not exclude the fault "weights": they may belong to a layer that was built before. Raises
    `tensorflow_internals.MissingName` if this Keras lacks a name that is needed.
    """
    keras = sys.modules.get("keras")
    if keras is None or str(getattr(keras, "__version__", "")).startswith(("1.", "2.")):
        # Keras 2 builds nothing symbolically.
        return ""
    weight, seed, initializers = weight_code(), seed_code(), initializers_folder()
    read: set[str] = set()
    moved: set[str] = set()
    for op in operations:
        if op.type in _DRAWS:
            # In place of a weight that does not exist yet, the trace contains its initializer's draw.
            frames = [(frame.filename, frame.name) for frame in op.traceback or ()]
            if weight in frames and any(file.startswith(initializers) for file, _ in frames):
                return "weights"
        elif op.type == "ReadVariableOp":
            if any((frame.filename, frame.name) == seed for frame in op.traceback or ()):
                read.add(op.inputs[0].name)
        elif op.type.startswith("Assign") and op.inputs:
            moved.add(op.inputs[0].name)
    return "seeds" if read - moved else ""
