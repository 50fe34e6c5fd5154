"""Keeps a fingerprint of a value that was read, so that a later inspection shows a change (in the child process)."""

from __future__ import annotations

import collections
import operator
import types
import weakref
import zlib
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from . import contents, marks
from .marks import ATOMS

#: At most this many parts of one value are marked, not counting plain numbers and texts; larger values only in part.
PARTS = 20_000
# Marking this many objects by identity takes as long as marking one container.
_SIMPLE_PARTS = 20
_TENSOR_ELEMENTS = 1024
# Marking a tensor takes as long as marking this many Python objects.
_TENSOR_PARTS = 4
_DEEPEST = 100
_PLAIN = frozenset(ATOMS)
# A larger array in a container is marked by its checksum, since there may be many.
_COPIED_BYTES = 1 << 10
CONTAINERS = (dict, list, tuple, set, frozenset, collections.deque, bytearray)
_COMPOUND = (*CONTAINERS, np.ndarray)


class Grip:
    """A fingerprint of one value. ``deep``: a container's content counts; of other objects, only their identity.

    Objects that can be weakly referenced are not kept alive. ``cut``: the value has more parts than are marked.
    """

    __slots__ = ("_held", "_text", "cut", "deep", "mark", "reference")

    def __init__(self, value: Any, deep: bool) -> None:
        self.deep = deep
        marker = _Marker(deep)
        self.mark = marker.mark(value)
        by_identity = self.mark is None or self.mark[0] == "tensor"
        self.reference = reference_to(value) if by_identity else None
        # Objects identified by their address are kept alive, so that no later object gets it.
        self._held = marker.held
        self.cut = marker.parts < 0
        self._text: str | None = None

    def holds(self, value: Any) -> bool:
        """Whether a value equals the fingerprinted one."""
        if self.mark is None or self.mark[0] == "tensor":  # identity decides, or the value is immutable
            if self.reference is not None and self.reference() is value:
                return True
            return self.mark is not None and bool(self.mark == _Marker(self.deep).mark(value))
        return bool(self.mark == _Marker(self.deep).mark(value))

    def text(self) -> str | None:
        """The value as a short text that is the same in another process; None if it rests on an object's identity."""
        if self.mark is None:
            return None
        if self._text is None:
            self._text = _text(self.mark)
        return self._text or None


class Content:
    """The bytes of an array, or a checksum, with a ``repr`` that depends on the content."""

    def __init__(self, array: np.ndarray[Any, Any], copied: bool) -> None:
        whole = copied or array.nbytes <= _COPIED_BYTES or array.dtype.hasobject
        self.mark = marks.array_mark(array) if whole else marks.checksum(np.ndarray.view(array, np.ndarray))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and bool(self.mark == other.mark)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return str(zlib.crc32(self.mark.data) if isinstance(self.mark, marks.Bytes) else self.mark)


class Plain:
    """The items of a container with only plain values; any number of them, since the copy is cheap."""

    def __init__(self, items: Collection[Any]) -> None:
        self._items = items

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Plain) or len(self._items) != len(other._items):
            return False
        if isinstance(self._items, frozenset):
            return self._items == other._items and Counter(map(type, self._items)) == Counter(map(type, other._items))
        if all(map(operator.is_, self._items, other._items)):
            return True
        pairs = zip(self._items, other._items, strict=True)
        return all(a is b or (type(a) is type(b) and repr(a) == repr(b)) for a, b in pairs)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        texts = map(repr, self._items)
        return str(zlib.crc32(" ".join(sorted(texts) if isinstance(self._items, frozenset) else texts).encode()))


def plain(value: Any) -> Any:
    """A container without the proxy that TensorFlow puts around dictionaries and tuples on its modules."""
    kind = type(value)
    if issubclass(kind, CONTAINERS):
        return value
    for base in kind.__mro__:
        if base.__name__ == "ObjectProxy":
            try:
                held = object.__getattribute__(value, "__wrapped__")
            except (AttributeError, ValueError):  # another class of this name, or an empty proxy
                return value
            return held if issubclass(type(held), CONTAINERS) else value
    return value


class _Marker:
    """Marks one value with its parts, up to PARTS of them; deeper parts are cut off."""

    def __init__(self, deep: bool) -> None:
        self._deep = deep
        self._inside: list[int] = []
        self.held: list[Any] = []
        #: How many more parts may be marked; negative if some were cut off.
        self.parts = PARTS

    def mark(self, value: Any) -> Any:
        """A mark of the value that can be compared by ``==``; None if only its identity counts."""
        kind = type(value)
        if issubclass(kind, np.generic):
            return self._scalar(value)
        if issubclass(kind, ATOMS):
            return "atom", kind.__name__, marks.text(value)
        if issubclass(kind, np.ndarray):
            return "array", value.shape, value.dtype.name, Content(value, not self._inside)
        if issubclass(kind, types.MethodType):
            return "method", self._identity(value.__func__), self._identity(value.__self__)
        if kind.__name__ == "EagerTensor":
            self.parts -= _TENSOR_PARTS if self._inside else 0
            return _tensor_mark(value)
        value = plain(value)
        if not self._deep or not issubclass(type(value), CONTAINERS):
            return None
        if id(value) in self._inside:
            return "above", len(self._inside) - self._inside.index(id(value))
        self._inside.append(id(value))
        marked = type(value).__name__, len(value), self._content(value)
        self._inside.pop()
        return marked

    def _scalar(self, value: np.generic) -> Any:
        if isinstance(value, np.void):  # a row of a structured array, which may be changed
            parts = list(value.item()) if value.dtype.names and value.dtype.hasobject else []
            return "row", str(value.dtype), value.tobytes(), self._items(parts)
        return "atom", type(value).__name__, repr(value.item())

    def _identity(self, value: Any) -> int:
        number = marks.identity(value)
        if number == id(value):
            self.held.append(value)
        return number

    def _content(self, value: Any) -> Any:
        kind = type(value)
        if issubclass(kind, bytearray):
            return (zlib.crc32(value),)
        if issubclass(kind, dict):
            return self._items(list(dict.keys(value))), self._items(list(dict.values(value)))
        if issubclass(kind, (set, frozenset)):
            items = list(set.__iter__(value) if issubclass(kind, set) else frozenset.__iter__(value))
            marked = self._items(items)
            return Plain(frozenset(items)) if isinstance(marked, Plain) else tuple(sorted(map(repr, marked)))
        return self._items(list(tuple.__iter__(value)) if issubclass(kind, tuple) else contents.items(value))

    def _items(self, items: list[Any]) -> Any:
        if all(map(_is_plain, set(map(type, items)))):
            return Plain(items)
        compound = sum(issubclass(type(item), _COMPOUND) for item in items)
        self.parts -= compound + (len(items) - compound) // _SIMPLE_PARTS
        if self.parts < 0 or len(self._inside) > _DEEPEST:
            self.parts = -1
            return ()
        return tuple(map(self._item, items))

    def _item(self, item: Any) -> Any:
        mark = self.mark(item)
        return mark if mark is not None else ("object", self._identity(item))


def _is_plain(kind: type) -> bool:
    return kind in _PLAIN or (issubclass(kind, np.generic) and not issubclass(kind, np.void))


def _tensor_mark(value: Any) -> Any:
    """A small tensor's value; None for a large one or one of resources."""
    try:
        if value.dtype.is_numpy_compatible and value.shape.num_elements() <= _TENSOR_ELEMENTS:
            return "tensor", value.dtype.name, repr(value.numpy().tolist())
    except Exception:  # the tensor's device may be gone, or its value not computed yet
        return None
    return None


def _text(mark: Any) -> str:
    """A mark as a short text; empty if it rests on some object's identity."""
    if mark[0] == "atom":
        text = str(mark[2])
        return text if len(text) <= 40 else f"{text[:20]}… {zlib.crc32(text.encode()):08x}"
    return "" if _has_identity(mark) else f"{mark[0]} {zlib.crc32(repr(mark).encode()):08x}"


def _has_identity(mark: Any) -> bool:
    if isinstance(mark, tuple):
        return mark[:1] in (("object",), ("method",)) or any(_has_identity(part) for part in mark)
    return isinstance(mark, str) and "('object'" in mark


def reference_to(value: Any, otherwise: Callable[[], Any] | None = None) -> Callable[[], Any]:
    """A weak reference to a value; if there can be none, ``otherwise``, or a function that returns the value."""
    try:
        return weakref.ref(value)
    except TypeError:
        return otherwise or (lambda: value)
