"""Identifies the state from which a call is made, by the values that the call reads (in the child process).

Agreement in one state says little, so distinct states are counted. A change of a variable that the function never
reads does not make another state.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from . import marks, variables

if TYPE_CHECKING:
    from .evidence import Check


def read(check: Check, key: Any, arguments: Any, state: variables.State) -> variables.State:
    """The variables of ``state`` that are arguments, or that the trace with this ``key`` captures."""
    known = check.prints.get(key)
    handles = set(known[0].resources) if known is not None else set()
    given = (variables.held_by(leaf) for leaf in _leaves(arguments))
    handles |= {id(variable.handle) for variable in given if variable is not None}
    return {number: value for number, value in state.items() if id(value.variable.handle) in handles}


def tensors(structure: Any) -> list[Any]:
    """The tensors and arrays in a structure of arguments, in order."""
    return [leaf for leaf in _leaves(structure) if isinstance(leaf, (tf.Tensor, np.ndarray, np.generic))]


def _leaves(structure: Any) -> list[Any]:
    if isinstance(structure, Mapping):
        structure = list(structure.values())
    if isinstance(structure, (list, tuple)):
        return [leaf for item in structure for leaf in _leaves(item)]
    if isinstance(structure, (tf.RaggedTensor, tf.SparseTensor)):
        return list(tf.nest.flatten(structure, expand_composites=True))
    return [structure]


def mark(check: Check, arguments: Any, key: Any, read: variables.State) -> int:
    """A checksum of the call's arguments and of the variables that its graph reads; with iterators also its number."""
    found = zlib.crc32(repr((key, check.calls if check.advances_iterators else 0)).encode())
    for leaf in (*tensors(arguments), *(value.tensor for value in read.values())):
        if getattr(leaf, "dtype", None) in (tf.resource, tf.variant):
            continue
        array = np.asarray(leaf)
        data = repr(array.tolist()).encode() if array.dtype == object else marks.checksum(array)
        found = zlib.crc32(data, found)
    return found


def reads_nothing(check: Check, arguments: Any, read: variables.State) -> bool:
    """Whether a call can have only one state: it gets no tensor, and reads no variable and no iterator."""
    return not (tensors(arguments) or read or check.advances_iterators)
