"""The signature of a call, as a key: equal keys mean that ``tf.function`` would not retrace (in the child process).

The key follows TensorFlow's rules for a bare ``tf.function``: tensors and arrays by dtype and shape, Python
numbers and strings by value, containers by structure, everything else by identity. It does not keep the
arguments alive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from ...records import ParameterKind
from .marks import identity

LEAVES = 400
DEPTH = 8

_SHAPED = (tf.Tensor, tf.Variable, tf.__internal__.CompositeTensor, np.ndarray, np.generic)
_TENSOR = tf.Tensor | tf.Variable | tf.SparseTensor | tf.RaggedTensor | tf.IndexedSlices
_SCALAR = bool | int | float | complex | str | bytes | None

#: The types of each assumed kind of a parameter.
_TYPES: Mapping[ParameterKind, Any] = {
    ParameterKind.TENSOR: _TENSOR,
    ParameterKind.ARRAY: np.ndarray | np.generic,
    ParameterKind.SCALAR: _SCALAR,
    ParameterKind.CONTAINER: list | tuple | dict | set | frozenset,
    ParameterKind.OBJECT: object,
    ParameterKind.UNKNOWN: object,
    ParameterKind.SYMBOLIC: object,
}


def fits(value: object, kind: ParameterKind) -> bool:
    """Whether a value is of the assumed kind. Keras variables count as tensors."""
    return isinstance(value, _TYPES[kind]) or (kind is ParameterKind.TENSOR and _is_keras_variable(value))


def _is_keras_variable(value: object) -> bool:
    return type(value).__module__.partition(".")[0] in ("keras", "tf_keras") and hasattr(type(value), "assign")


def key(value: object, depth: int = DEPTH) -> Any:
    """The key of one argument: hashable, and equal where a bare ``tf.function`` would use the same trace."""
    if isinstance(value, tf.Tensor):
        return ("T", value.dtype.name, _shape(value))
    if isinstance(value, np.generic):  # before the Python numbers: a np.float64 is a Python float too
        return ("A", value.dtype.name, ())
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return ("P", type(value).__name__, value)
    if isinstance(value, np.ndarray):
        return ("A", value.dtype.name, value.shape)
    if isinstance(value, tf.Variable):
        return ("V", identity(value))
    if depth <= 0:
        return ("…",)
    if isinstance(value, (list, tuple)):
        items = tuple(key(item, depth - 1) for item in value[:LEAVES])
        return (type(value).__name__, len(value), items)
    if isinstance(value, dict):
        pairs = dict.items(value) if issubclass(type(value), dict) else value.items()  # a proxy of TensorFlow
        entries = tuple((str(k), key(v, depth - 1)) for k, v in list(pairs)[:LEAVES])
        return (type(value).__name__, len(value), entries)
    if isinstance(value, tf.__internal__.CompositeTensor):
        return ("C", str(value._type_spec))
    return ("O", type(value).__qualname__, identity(value))


def key_of(named: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The key of a call, from its arguments by name."""
    return tuple((name, key(value)) for name, value in named.items())


def objects(item: Any) -> tuple[int, ...]:
    """The identities of the objects and variables in the key of an argument, in order."""
    if len(item) == 2 and isinstance(item[1], tuple):  # a dictionary's entry: its name and the key of its value
        return objects(item[1])
    if item[0] in ("O", "V"):
        return (item[-1],)
    if item[0] in ("T", "A", "P", "C") or len(item) != 3:
        return ()
    return tuple(found for entry in item[2] for found in objects(entry))


def _shape(value: tf.Tensor) -> tuple[int | None, ...] | None:
    return tuple(value.shape.as_list()) if value.shape.rank is not None else None


def kind_of(value: object) -> str:
    """A word for the kind of an argument, for the report."""
    if isinstance(value, (tf.Variable,)) or _is_keras_variable(value):
        return "variable"
    if isinstance(value, (tf.Tensor, tf.__internal__.CompositeTensor)):
        return "tensor" if not _is_symbolic(value) else "symbolic tensor"
    if isinstance(value, (np.ndarray, np.generic)):
        return "array"
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return f"Python {type(value).__name__}"
    if _is_symbolic(value):
        return "symbolic tensor"
    if isinstance(value, (list, tuple, dict, set)):
        return type(value).__name__
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.").removeprefix("__main__.")


def _is_symbolic(value: object) -> bool:
    return type(value).__name__ == "KerasTensor" or (
        isinstance(value, tf.Tensor) and not hasattr(value, "_numpy") and not hasattr(value, "numpy")
    )


def describe_leaf(value: object) -> tuple[str | None, str | None]:
    """The dtype's name and the shape, as texts, of a tensor or array argument; (None, None) for other arguments.

    Other objects are not asked: the attribute of a user's object may be a property with side effects.
    """
    if not isinstance(value, _SHAPED) and not _is_keras_variable(value) and type(value).__name__ != "KerasTensor":
        return None, None
    dtype = getattr(value, "dtype", None)
    shape = getattr(value, "shape", None)
    name = getattr(dtype, "name", None) or (str(dtype) if dtype is not None else None)
    try:
        return name, "(" + ", ".join("?" if d is None else str(d) for d in tuple(shape)) + ")"  # type: ignore[arg-type]
    except (TypeError, ValueError):  # of an unknown rank
        return name, None


def name_arguments(function: Callable[..., Any]) -> Callable[[tuple[Any, ...], Mapping[str, Any]], dict[str, Any]]:
    """A function that pairs the arguments of a call of ``function`` with the names of its parameters.

    Surplus positional arguments are named ``*args[0]`` and so on. ``self`` keeps its name.
    """
    code = getattr(function, "__code__", None)
    if code is None:
        return lambda args, kwargs: {**{f"*args[{i}]": a for i, a in enumerate(args)}, **kwargs}
    names = code.co_varnames[: code.co_argcount]
    star = "args"
    if code.co_flags & 0x04:
        star = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]

    def pair(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        named = dict(zip(names, args, strict=False))
        for number, value in enumerate(args[len(names) :]):
            named[f"*{star}[{number}]"] = value
        named.update(kwargs)
        return named

    return pair


def difference(before: Any, after: Any) -> str:
    """The difference between two keys of one argument in words: the cause of a retrace."""
    if before[0] != after[0]:
        return f"{_word(before)} then {_word(after)}"
    if before[0] == "P":
        return f"value {before[2]!r} then {after[2]!r}"
    if before[0] in ("T", "A"):
        if before[1] != after[1]:
            return f"dtype {before[1]} then {after[1]}"
        return f"shape {_text(before[2])} then {_text(after[2])}"
    if before[0] == "V":
        return "a different variable"
    if before[0] == "C":
        return f"{before[1]} then {after[1]}"
    if before[0] == "O":
        if before[1] != after[1]:
            return f"a {before[1]} then a {after[1]}"
        return f"a new {after[1]} object"
    if len(before) == 3 and before[1] != after[1]:
        return f"{before[0]} of length {before[1]} then {after[1]}"
    if len(before) == 3:
        for old, new in zip(before[2], after[2], strict=False):
            if old != new:
                if isinstance(old[0], str) and isinstance(old[1], tuple) and before[0] not in ("list", "tuple"):
                    return f"[{old[0]!r}]: {difference(old[1], new[1])}"
                return f"an item: {difference(old, new)}"
    return "a different structure"


def _word(item: Any) -> str:
    return {
        "T": "tensor",
        "A": "array",
        "V": "variable",
        "C": "composite tensor",
        "O": "object",
        "P": "Python value",
    }.get(item[0], str(item[0]))


def _text(shape: tuple[int | None, ...] | None) -> str:
    return "unknown" if shape is None else "(" + ", ".join("?" if d is None else str(d) for d in shape) + ")"
