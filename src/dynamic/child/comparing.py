"""Compares the results of a graph with those of the eager call (in the child process).

Structure, Python types, dtypes, shapes, integers and strings must be the same. Floating-point numbers are
compared as whole arrays: the largest difference relative to the largest element. A variable is compared by its
*change*, so that a missing update shows even if it is much smaller than the weight.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from . import variables

#: Relative tolerance by dtype: the rounding error of re-associating some thousand terms.
TOLERANCE: Mapping[str, float] = {"float64": 1e-9, "float32": 2e-4, "bfloat16": 3e-2, "float16": 6e-3}
_PARTS = {"complex64": "float32", "complex128": "float64"}
_DEFAULT_TOLERANCE = 2e-4
#: If a rounding error in the inputs changes a result by more than this (relatively), agreement says nothing.
WILD = 0.05


@dataclass
class Comparison:
    """The differences (``mismatches``: place and kind), and the largest relative error.

    ``numeric`` has the error of each place where only floating-point values differ: the function may amplify rounding,
    which a perturbed run shows. ``values`` has, for each place of a returned variable of which the project reads only
    the value, that value after the eager call: there the graph may return a tensor. ``returned`` are the places where
    it did.
    """

    mismatches: list[str] = field(default_factory=list)
    numeric: dict[str, float] = field(default_factory=dict)
    max_error: float = 0.0
    errors: dict[str, float] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    returned: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether nothing differed beyond tolerance."""
        return not self.mismatches and not self.numeric


def values_of(result: Any, parts: Collection[str]) -> dict[str, Any]:
    """The values of the variables that a call returned as ``parts`` of its result ("" is the whole), by place."""
    items = {"": result}
    if isinstance(result, (list, tuple)):
        items.update((f"[{number}]", item) for number, item in enumerate(result))
    held = {part: variables.held_by(item) for part, item in items.items() if part in parts}
    return {f"the result{part}": item.read_value() for part, item in held.items() if item is not None}


def compare_results(eager: Any, graph: Any, comparison: Comparison, place: str = "the result") -> None:
    """Compare two results of one call, of any structure."""
    if eager is graph or (eager is None and graph is None):
        return
    if _is_tensor(eager) and _is_tensor(graph):
        _compare_arrays(eager, graph, comparison, place)
        return
    if place in comparison.values and _is_tensor(graph) and variables.held_by(eager) is not None:
        comparison.returned.append(place)
        _compare_arrays(comparison.values[place], graph, comparison, place)
        return
    if type(eager) is not type(graph) and not _alike(eager, graph):
        # Code that keeps the variable also sees later assignments.
        advice = "; return its value instead" if variables.held_by(eager) is not None else ""
        comparison.mismatches.append(f"{place} is {_type(eager)} eagerly and {_type(graph)} from the graph{advice}")
        return
    if isinstance(eager, Mapping):
        if list(eager) != list(graph):
            comparison.mismatches.append(f"{place} has keys {list(eager)} eagerly and {list(graph)} from the graph")
            return
        for name in eager:
            compare_results(eager[name], graph[name], comparison, f"{place}[{name!r}]")
    elif isinstance(eager, (list, tuple)):
        if len(eager) != len(graph):
            comparison.mismatches.append(f"{place} has {len(eager)} items eagerly and {len(graph)} from the graph")
            return
        for number, (one, other) in enumerate(zip(eager, graph, strict=True)):
            compare_results(one, other, comparison, f"{place}[{number}]")
    elif isinstance(eager, tf.__internal__.CompositeTensor):
        parts, others = (tf.nest.flatten(value, expand_composites=True) for value in (eager, graph))
        if len(parts) != len(others):
            comparison.mismatches.append(
                f"{place} has {len(parts)} components eagerly and {len(others)} from the graph"
            )
            return
        for number, (one, other) in enumerate(zip(parts, others, strict=True)):
            _compare_arrays(one, other, comparison, f"{place} (component {number})")
    elif isinstance(eager, np.ndarray):
        _compare_arrays(eager, graph, comparison, place)
    elif eager != graph and not (eager != eager and graph != graph):
        comparison.mismatches.append(f"{place} is {eager!r:.60} eagerly and {graph!r:.60} from the graph")


def compare_variables(
    before: variables.State, eager: variables.State, graph: variables.State, comparison: Comparison
) -> int:
    """Compare how each variable changed since ``before``; returns the number of variables that eager changed."""
    written = 0
    labels = variables.labels(eager)
    for number, after in eager.items():
        one = variables.as_array(after)
        other = variables.as_array(graph[number]) if number in graph else one
        start = variables.as_array(before[number]) if number in before else np.zeros_like(one)
        place = f"variable {labels[number].removesuffix('#1')}"
        if one.shape != other.shape or one.dtype != other.dtype:
            comparison.mismatches.append(f"{place} has shape {one.shape} eagerly and {other.shape} from the graph")
            continue
        if start.shape == one.shape and start.tobytes() == one.tobytes():
            if one.dtype != object and other.tobytes() == one.tobytes():
                continue
        else:
            written += 1
        if not _is_float(one.dtype):
            if not np.array_equal(one, other):
                comparison.mismatches.append(f"{place} differs ({_first_difference(one, other)})")
            continue
        if start.shape != one.shape:
            start = np.zeros_like(one)
        _compare_floats(one, other, start, comparison, place)
    return written


def perturbed_within(comparison: Comparison, reference: Mapping[str, float], factor: float = 8.0) -> list[str]:
    """The numeric mismatches that rounding does not explain.

    ``reference`` is the distance, by place, between the eager results with and without rounding errors in the
    inputs. A mismatch remains if the graph is more than ``factor`` times as far away.
    """
    return [
        f"{place} has a relative difference of {error:.1e}, rounding accounts for {reference.get(place, 0.0):.1e}"
        for place, error in comparison.numeric.items()
        if not error <= factor * reference.get(place, 0.0)
    ]


def _compare_arrays(eager: Any, graph: Any, comparison: Comparison, place: str) -> None:
    one, other = _array(eager), _array(graph)
    if one.dtype != other.dtype:
        comparison.mismatches.append(f"{place} has dtype {one.dtype} eagerly and {other.dtype} from the graph")
    elif one.shape != other.shape:
        comparison.mismatches.append(f"{place} has shape {one.shape} eagerly and {other.shape} from the graph")
    elif _is_float(one.dtype):
        _compare_floats(one, other, None, comparison, place)
    elif not np.array_equal(one, other):
        comparison.mismatches.append(f"{place} differs ({_first_difference(one, other)})")


def _compare_floats(one: Any, other: Any, start: Any, comparison: Comparison, place: str) -> None:
    tolerance = TOLERANCE.get(_PARTS.get(one.dtype.name, one.dtype.name), _DEFAULT_TOLERANCE)
    eps = float(np.finfo(one.dtype).eps) if one.dtype.kind in "fc" else 2.0**-7
    wide = np.complex128 if one.dtype.kind == "c" else np.float64
    a, b = np.asarray(one, wide), np.asarray(other, wide)
    finite = np.isfinite(a)
    unlike = _non_finite(a) != _non_finite(b)
    if unlike.any():
        first = tuple(np.argwhere(unlike)[0])
        comparison.mismatches.append(f"{place} differs ({a[first]!s:.40} eagerly, {b[first]!s:.40} from the graph)")
        return
    a, b = a[finite], b[finite]
    if not a.size:
        return
    distance = float(np.max(np.abs(a - b)))
    scale = float(np.max(np.abs(a)))
    # The rounding error of storing the value is not a difference.
    rounding = 4.0 * eps * scale
    if start is not None:
        s = np.asarray(start, wide)[finite]
        # An element that was not finite before counts as changed by its whole value.
        scale = float(np.max(np.abs(a - np.where(np.isfinite(s), s, 0.0))))
    excess = max(0.0, distance - rounding)
    error = excess / scale if scale > 0 else (0.0 if excess == 0.0 else math.inf)
    comparison.errors[place] = error
    comparison.max_error = max(comparison.max_error, error)
    if not error <= tolerance:
        comparison.numeric[place] = error


def _non_finite(array: Any) -> Any:
    """A code for each element: 0 if it is finite, else different for NaN and for each infinity."""
    if array.dtype.kind == "c":
        return 4 * _non_finite(array.real) + _non_finite(array.imag)
    return 3 * np.isnan(array) + 2 * np.isneginf(array) + np.isposinf(array)


def _array(value: Any) -> Any:
    if isinstance(value, tf.Variable):
        value = value.read_value()
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def _is_float(dtype: Any) -> bool:
    return dtype.kind in "fc" or dtype.name in ("bfloat16", "float8_e4m3fn", "float8_e5m2")


def _is_tensor(value: Any) -> bool:
    return isinstance(value, tf.Tensor)


def _alike(eager: Any, graph: Any) -> bool:
    """Whether the types differ only by a wrapper of TensorFlow or Keras around a list, dict or tuple."""
    return any(
        isinstance(eager, plain) and isinstance(graph, plain) and _is_wrapper(eager) | _is_wrapper(graph)
        for plain in (list, dict, tuple)
    )


def _is_wrapper(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] in ("tensorflow", "keras", "tf_keras")


def _type(value: Any) -> str:
    if isinstance(value, tf.Tensor):
        return "a tensor"
    if variables.held_by(value) is not None:
        return "a variable"
    name = type(value).__qualname__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _first_difference(one: Any, other: Any) -> str:
    a, b = np.asarray(one).ravel(), np.asarray(other).ravel()
    for x, y in zip(a, b, strict=False):
        if x != y:
            return f"{x!s:.40} eagerly, {y!s:.40} from the graph"
    return "in shape"
