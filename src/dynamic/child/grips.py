"""Inside the child: what is remembered of a value that was read, so that a later look tells whether it is another."""

from __future__ import annotations

import collections
import types
import weakref
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from . import contents, marks
from .marks import ATOMS

#: Of longer containers the length and so many items are compared.
ITEMS = 200
_TENSOR_ELEMENTS = 1024
_DEPTH = 3
CONTAINERS = (dict, list, tuple, set, frozenset, collections.deque, bytearray)


class Grip:
    """A hold on one value. ``deep``: its content counts where it is a container; of other objects, their identity.

    Nothing that can be referred to weakly is kept alive.
    """

    __slots__ = ("deep", "mark", "reference")

    def __init__(self, value: Any, deep: bool) -> None:
        self.deep = deep
        self.reference = None if isinstance(value, ATOMS) else reference_to(value)
        self.mark = _mark(value, deep)

    def holds(self, value: Any) -> bool:
        """Whether a value is what it was."""
        if self.mark is None or self.mark[0] == "tensor":  # what can't change in itself
            if self.reference is not None and self.reference() is value:
                return True
            return self.mark is not None and bool(self.mark == _mark(value, self.deep))
        return bool(self.mark == _mark(value, self.deep))

    def text(self) -> str | None:
        """The value as a short text that is the same in another process; None where identity is all that is known."""
        if self.mark is None:
            return None
        if self.mark[0] == "atom":
            text = self.mark[2]
            return text if len(text) <= 40 else f"{text[:20]}… {zlib.crc32(text.encode()):08x}"
        return None if _has_identity(self.mark) else f"{self.mark[0]} {zlib.crc32(repr(self.mark).encode()):08x}"


class Content:
    """The bytes of a small array, or a checksum, with a representation that tells them apart."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.mark = marks.array_mark(array)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and bool(self.mark == other.mark)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return str(zlib.crc32(self.mark.data) if isinstance(self.mark, marks.Bytes) else self.mark)


def plain(value: Any) -> Any:
    """A container without the proxy that TensorFlow puts around dictionaries and tuples on its modules."""
    if isinstance(value, CONTAINERS) and not issubclass(type(value), CONTAINERS):
        return object.__getattribute__(value, "__wrapped__")
    return value


def _mark(value: Any, deep: bool, depth: int = _DEPTH) -> Any:
    """What the value is, comparable by ``==``; None where only its identity tells."""
    if isinstance(value, ATOMS):
        return "atom", type(value).__name__, repr(value)
    if isinstance(value, np.generic):
        return "atom", type(value).__name__, repr(value.item())
    if isinstance(value, np.ndarray):
        return "array", value.shape, value.dtype.name, Content(value)
    if isinstance(value, types.MethodType):
        return "method", id(value.__func__), id(value.__self__)
    if type(value).__name__ == "EagerTensor":
        return _tensor_mark(value)
    value = plain(value)
    if deep and depth and isinstance(value, CONTAINERS):
        return type(value).__name__, len(value), _items(value, depth - 1)
    return None


def _items(value: Any, depth: int) -> tuple[Any, ...]:
    if isinstance(value, dict):
        pairs = list(dict.items(value))
        return tuple((repr(key)[:80], _item(item, depth)) for key, item in _some(pairs))
    if isinstance(value, (set, frozenset)):
        return tuple(sorted(repr(_item(item, depth)) for item in _some(list(value))))
    if isinstance(value, bytearray):
        return (zlib.crc32(value),)
    items = list(tuple.__iter__(value)) if isinstance(value, tuple) else contents.items(value)
    return tuple(_item(item, depth) for item in _some(items))


def _item(item: Any, depth: int) -> Any:
    mark = _mark(item, True, depth)
    return mark if mark is not None else ("object", id(item))


def _some(items: list[Any]) -> list[Any]:
    if len(items) <= ITEMS:
        return items
    return [*items[:: len(items) // ITEMS], *items[-2:]]


def _tensor_mark(value: Any) -> Any:
    """A small tensor's value; of a large one, or one of resources, None."""
    try:
        if value.dtype.is_numpy_compatible and value.shape.num_elements() <= _TENSOR_ELEMENTS:
            return "tensor", value.dtype.name, repr(value.numpy().tolist())
    except Exception:  # a tensor on a device that is gone, or not there yet
        return None
    return None


def _has_identity(mark: Any) -> bool:
    if isinstance(mark, tuple):
        return mark[:1] in (("object",), ("method",)) or any(_has_identity(part) for part in mark)
    return isinstance(mark, str) and mark.startswith("('object'")


def reference_to(value: Any, otherwise: Callable[[], Any] | None = None) -> Callable[[], Any]:
    """What gives a value as long as it is there; of what can't be referred to weakly, ``otherwise``, or the value."""
    try:
        return weakref.ref(value)
    except TypeError:
        return otherwise or (lambda: value)
