"""Snapshots and restores every variable of the process (in the child process).

Weak references track the variables from their creation, so optimizer slots, metrics, seed generators and batch
statistics are included, wherever they are stored.
"""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from ... import tensorflow_internals

# Number types that NumPy itself does not have.
_EXTENSIONS = frozenset({"bfloat16", "float8_e4m3fn", "float8_e5m2", "int4", "uint4"})
STREAM = "hybridize_random_stream"  # the name of the counters behind our own random numbers
_known: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
_lock = threading.Lock()
_created = 0
_ours = 0


def track() -> None:
    """Start to track; call it before the script creates its first variable."""
    base = tensorflow_internals.variable_class()
    original = base.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        _note(self)

    base.__init__ = __init__


def adopt() -> None:
    """Also track the variables that were created before `track`."""
    base = tensorflow_internals.variable_class()
    known = {id(variable) for variable in _known.values()}
    for found in gc.get_objects():
        if issubclass(type(found), base) and id(found) not in known:
            _note(found)


def forget() -> None:
    """Stop tracking all current variables."""
    _known.clear()


def _note(variable: Any) -> None:
    global _created, _ours
    if tensorflow_internals.is_view(variable):
        return
    with _lock:
        if STREAM in str(getattr(variable, "name", "")):
            _ours -= 1
            _known[_ours] = variable
        else:
            _created += 1
            _known[_created] = variable


def held_by(value: Any) -> Any:
    """The variable that a value is, or that it holds if it is one of Keras 3 (``optimizer.iterations``); or None."""
    if isinstance(value, tf.Variable):
        return value
    of_keras = getattr(sys.modules.get("keras"), "Variable", None)
    if of_keras is None or of_keras is tf.Variable or not isinstance(value, of_keras):
        return None
    held = value.value
    return held if isinstance(held, tf.Variable) else None


def created() -> int:
    """The number of variables that the script has created so far."""
    return _created


def names_since(number: int) -> list[str]:
    """The names of the living variables that were created after the first ``number``, in order of creation."""
    later = sorted((key, variable) for key, variable in list(_known.items()) if key > number)
    return [str(getattr(variable, "name", "")).removesuffix(":0") for _, variable in later]


@dataclass(frozen=True)
class Value:
    """One variable's value at one moment. The tensor shares the variable's buffer until one of them is written."""

    variable: Any
    tensor: Any


State = dict[int, Value]


def snapshot(without: Collection[Any] = ()) -> State:
    """The values of all live, initialized, eager variables except ``without``, keyed by number of creation."""
    state: State = {}
    for number, variable in sorted(_known.items()):
        if tensorflow_internals.is_symbolic(variable) or any(variable is other for other in without):
            continue
        try:
            if isinstance(variable.handle, tf.Tensor) and variable.is_initialized():
                state[number] = Value(variable, tf.identity(variable.read_value()))
        except (tf.errors.OpError, RuntimeError, ValueError, AttributeError):
            continue
    return state


def restore(state: State) -> None:
    """Restore every variable of a snapshot. Variables created since then keep their values."""
    for value in state.values():
        value.variable.assign(value.tensor)


def labels(numbers: Iterable[int]) -> dict[int, str]:
    """The variables' names, each with a number among those of the same name (a project may use one name often)."""
    found: dict[int, str] = {}
    taken: Counter[str] = Counter()
    for number in numbers:
        name = str(getattr(_known.get(number), "name", f"variable {number}")).removesuffix(":0")
        taken[name] += 1
        found[number] = f"{name}#{taken[name]}"
    return found


def as_array(value: Value) -> np.ndarray[Any, Any]:
    """A snapshotted value as a NumPy array."""
    array: np.ndarray[Any, Any] = np.asarray(value.tensor.numpy())
    return array


def changed(before: State, after: State) -> tuple[int, ...]:
    """The numbers of the variables whose value is different in ``after``, or that are new in it."""
    different = []
    for number, value in after.items():
        old = before.get(number)
        if old is None or not _same(as_array(old), as_array(value)):
            different.append(number)
    return tuple(different)


def _same(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> bool:
    if first.dtype != second.dtype or first.shape != second.shape:
        return False
    return first.tobytes() == second.tobytes() if first.dtype != object else bool(np.array_equal(first, second))


def digest(state: State, sampled: int = 16) -> dict[str, list[float]]:
    """A few numbers for each numeric variable: sum, sum of squares, then evenly spaced elements.

    A complex variable counts as its real and imaginary parts, a boolean one as zeros and ones.

    The keys are `labels`, which number equal names in the order of creation, so that two runs of one script can be
    matched.
    """
    rows: dict[str, list[float]] = {}
    names = labels(state)
    for number, value in state.items():
        array = as_array(value)
        if array.dtype.kind == "c":
            array = np.stack([array.real, array.imag], axis=-1)
        if array.dtype.kind not in "fiub" and array.dtype.name not in _EXTENSIONS:
            continue
        flat = array.astype(np.float64).ravel()
        picked = flat[:: max(1, flat.size // sampled)][:sampled]
        rows[names[number]] = [float(flat.sum()), float(flat @ flat), *map(float, picked)]
    return rows
