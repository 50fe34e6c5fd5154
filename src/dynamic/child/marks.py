"""Fingerprints the content of Python objects, so that a later comparison shows changes (in the child process).

Taking a fingerprint (a mark) has no side effects: it advances no iterator, evaluates no property, and calls no method
of the user.
"""

from __future__ import annotations

import collections
import gc
import itertools
import random
import types
import warnings
import weakref
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

COPIED_BYTES = 1 << 20
HASHED_BYTES = 1 << 26
_BLOCK = 1 << 13
# A block length coprime to that of _BLOCK: changes that cancel in one sum do not cancel in the other.
_ODD_WORDS = 1021
MISSING = object()
#: Types of immutable values without parts that could change.
ATOMS = (
    *(type(None), bool, int, float, complex, str, bytes, type(Ellipsis), range, slice),
    *(np.number, np.bool_, np.datetime64, np.timedelta64),
)
_HEAP_TYPE = 1 << 9  # CPython's flag of classes that were created at run time
_PLAIN = frozenset(ATOMS)
GENERATORS = (random.Random, np.random.Generator, np.random.RandomState)
SUSPENDED = (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)
_ITERATOR_MODULES = frozenset({"builtins", "itertools", "collections", "_collections", "array", "re"})
# Their `__reduce__` would copy the remaining items; the number of these is enough.
_COUNTED: tuple[type, ...] = (
    type(iter({})),
    type(iter({}.values())),
    type(iter({}.items())),
    type(reversed({})),
    type(reversed({}.values())),
    type(reversed({}.items())),
    type(iter(range(0))),
    type(iter(range(1 << 70))),
    type(iter(set())),
)
# The iterator of an ordered dictionary shows only a copy of the remaining items.
_COPIED: tuple[type, ...] = (type(iter(collections.OrderedDict())),)
# They ask their sequence for its length, and the sequence may be the user's.
_ASKING: tuple[type, ...] = (type(iter(type("_Sequence", (), {"__getitem__": None})())), reversed, itertools.repeat)
_SHARED = type(itertools.tee(())[0].__reduce__()[2][0])  # the buffer that the iterators of a tee share
_ITERATOR_DEPTH = 16


class Unseen(Exception):
    """The state of an object can't be inspected."""


def is_atom(value: Any) -> bool:
    """Whether a value is plain, by its real type and not by its ``__class__`` attribute."""
    return issubclass(type(value), ATOMS)


def brief(value: Any) -> str:
    """A short text for a value, without calling a method of the user."""
    return text(value)[:40] if is_atom(value) else type(value).__name__


def module_of(kind: type) -> str:
    """The name of a class's module; empty if the class has none."""
    try:
        name = _module(kind)
    except AttributeError:
        return ""
    return name if type(name) is str else ""


def file_of(module: object) -> str:
    """The file of a module; empty if it has none. Does not call the module's own ``__getattr__``."""
    try:
        name = object.__getattribute__(module, "__dict__").get("__file__")
    except AttributeError:  # `sys.modules` may contain other objects
        return ""
    return name if type(name) is str else ""


# Read directly, since a metaclass of the user may override the attribute.
_module: Callable[[type], Any] = type.__dict__["__module__"].__get__


def identity(value: object) -> int:
    """A number for an object that no later object gets, unlike its ``id``. It keeps nothing alive.

    If the object can't be weakly referenced, it is the ``id``.
    """
    place = id(value)
    known = _identities.get(place)
    if known is not None and known[0]() is value:
        return known[1]
    try:
        reference = weakref.ref(value, lambda dead: _forget(place, dead))
    except TypeError:
        return place
    number = next(_serial)
    _identities[place] = reference, number
    return number


def _forget(place: int, dead: weakref.ref[Any]) -> None:
    if place in _identities and _identities[place][0] is dead:
        del _identities[place]


_serial = itertools.count(1)
_identities: dict[int, tuple[weakref.ref[Any], int]] = {}


def _base(kind: type) -> Any:
    """The first base class of a class of plain values that Python or NumPy defines."""
    return next(base for base in kind.__mro__ if not base.__flags__ & _HEAP_TYPE)


def text(value: Any) -> str:
    """The ``repr`` of a plain value; for a user's subclass, the ``repr`` of the built-in base class."""
    return str(_base(type(value)).__repr__(value))


def is_same_atom(one: Any, other: Any) -> bool:
    """Whether two plain values have the same type and value; nan equals nan."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    base = _base(kind)
    if issubclass(base, (int, str, bytes, range)) and not issubclass(base, np.generic):
        return bool(base.__eq__(one, other))
    if base is slice:
        pairs = ((one.start, other.start), (one.stop, other.stop), (one.step, other.step))
        return all(a is b or (is_atom(a) and is_atom(b) and is_same_atom(a, b)) for a, b in pairs)
    return bool(base.__repr__(one) == base.__repr__(other))


class Same:
    """An object, compared by identity. It is kept alive, so that no other object gets its address."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    __hash__ = None  # type: ignore[assignment]


class Bytes:
    """A copy of an array's content, compared as a whole."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.data = array.tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bytes) and self.data == other.data

    __hash__ = None  # type: ignore[assignment]


class Part(bytes):
    """A checksum of some rows of an array."""


class Objects:
    """A copy of an array with objects: the objects are compared by identity, other fields by content."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.copy = array.copy()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Objects) and self.copy.tobytes() == other.copy.tobytes()

    __hash__ = None  # type: ignore[assignment]


def array_mark(array: np.ndarray[Any, Any], whole: bool = True) -> Any:
    """A copy of a small array, a checksum of a large one; unless ``whole``, only of some rows of it.

    A subclass is read as a plain array: a masked array would return its fill value for masked elements.
    """
    array = np.ndarray.view(array, np.ndarray)
    if array.dtype.hasobject:
        return Objects(array)
    if array.nbytes <= COPIED_BYTES:
        return Bytes(array)
    if not whole and array.ndim:
        return Part(checksum(array[:: max(1, len(array) // 1000)]))
    return checksum(array)


def checksum(array: np.ndarray[Any, Any]) -> bytes:
    """A checksum of an array's content; of a large one from sums of its blocks, which are as fast as memory allows.

    The sums run within blocks and across them, so that a shuffle shows too. They also run across blocks of another
    length, to show an exchange that changes neither of the first sums (rewired links of a graph).
    """
    flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    whole = flat.size // _BLOCK * _BLOCK if flat.size > COPIED_BYTES else 0
    sums = zlib.crc32(flat[whole:].data)
    if whole:
        blocks = flat[:whole].view(np.uint64).reshape(-1, _BLOCK // 8)
        for axis in (0, 1):
            sums = zlib.crc32(blocks.sum(axis=axis, dtype=np.uint64).data, sums)
        words = flat[: flat.size // 8 * 8].view(np.uint64)
        odd = words[: words.size // _ODD_WORDS * _ODD_WORDS].reshape(-1, _ODD_WORDS)
        sums = zlib.crc32(odd.sum(axis=0, dtype=np.uint64).data, sums)
    return sums.to_bytes(4, "little")


def restore_array(array: np.ndarray[Any, Any], mark: Any) -> None:
    """Restore a small array from its mark; a large one stays unchanged, because its mark is only a checksum."""
    array = np.ndarray.view(array, np.ndarray)
    if not array.flags.writeable:
        return
    if isinstance(mark, Objects) and array.shape == mark.copy.shape:
        array[...] = mark.copy
    elif isinstance(mark, Bytes) and array.nbytes == len(mark.data):
        array[...] = np.frombuffer(mark.data, array.dtype).reshape(array.shape)


def is_iterator(kind: type) -> bool:
    """Whether objects of a type are Python's own iterators, written in C."""
    return any(module_of(base) in _ITERATOR_MODULES and "__next__" in vars(base) for base in kind.__mro__)


def iterator_mark(value: Any, depth: int = _ITERATOR_DEPTH) -> Any:
    """The position of an iterator or a generator. The walk inspects the objects in it (see ``inside_iterator``)."""
    if issubclass(type(value), SUSPENDED):
        frame, inner = suspended_frame(value)
        if frame is None:
            return ("finished",)
        held = tuple((name, _item_mark(item, depth - 1)) for name, item in sorted(frame.f_locals.items()))
        return (frame.f_lasti, held, iterator_mark(inner, depth - 1) if depth and inner is not None else None)
    if issubclass(type(value), (itertools.count, itertools.repeat)) and _PLAIN.issuperset(map(type, _inside(value))):
        return repr(value)
    if not is_iterator(type(value)):
        return Same(value)
    if isinstance(value, _COUNTED):
        return _length_hint(value)
    if isinstance(value, _COPIED):
        return len(value.__reduce__()[1][0])
    if isinstance(value, itertools.pairwise):  # it has only the last item and the source
        return tuple(_item_mark(item, depth - 1) for item in gc.get_referents(value))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # pickling of itertools ends with Python 3.14
            parts = value.__reduce__()
    except (TypeError, AttributeError, ValueError):
        raise Unseen from None
    if isinstance(value, _SHARED):
        source, items, following = parts[1]
        return Same(source), tuple(map(Same, items)), Same(following) if following is not None else None
    return _parts_mark(parts[1:], depth), 0 if isinstance(value, _ASKING) else _length_hint(value)


def _inside(value: Any) -> list[Any]:
    return [item for item in gc.get_referents(value) if item is not type(value)]


def suspended_frame(value: Any) -> tuple[types.FrameType | None, Any]:
    """The frame of a generator or coroutine (None if it has ended), and the object that it yields from or awaits."""
    if isinstance(value, types.GeneratorType):
        return value.gi_frame, value.gi_yieldfrom
    if isinstance(value, types.CoroutineType):
        return value.cr_frame, value.cr_await
    return value.ag_frame, value.ag_await


def inside_iterator(value: Any) -> list[Any]:
    """The objects in an iterator or a generator: sources, local variables, and the iterators of its loops."""
    held = list(gc.get_referents(value))
    if issubclass(type(value), SUSPENDED):
        frame, _ = suspended_frame(value)
        held += frame.f_locals.values() if frame is not None else ()
    code = (types.CodeType, types.FrameType)
    return [item for item in held if item is not type(value) and not issubclass(type(item), code)]


def _parts_mark(parts: Any, depth: int) -> Any:
    if isinstance(parts, tuple) and depth > 0:
        return tuple(_parts_mark(part, depth - 1) for part in parts)
    return _item_mark(parts, depth - 1)


def _item_mark(item: Any, depth: int) -> Any:
    if type(item) in _PLAIN:
        return item
    if is_atom(item):
        return type(item), text(item)
    if issubclass(type(item), SUSPENDED) or is_iterator(type(item)):
        # Some are created for each inspection, so their address means nothing.
        return iterator_mark(item, depth) if depth > 0 else type(item).__name__
    return Same(item)


def _length_hint(value: Any) -> int:
    hint = getattr(type(value), "__length_hint__", None)
    return int(hint(value)) if hint is not None else 0


def random_mark(generator: Any) -> Any:
    """The state of a Python or NumPy random number generator."""
    if isinstance(generator, random.Random):
        return random.Random.getstate(generator)
    if isinstance(generator, np.random.Generator):
        return _frozen(generator.bit_generator.state)
    return _frozen(generator.get_state(legacy=False))


def restore_random(generator: Any, mark: Any) -> None:
    """Restore a generator from its mark."""
    if isinstance(generator, random.Random):
        random.Random.setstate(generator, mark)
    elif isinstance(generator, np.random.Generator):
        generator.bit_generator.state = _thawed(mark)
    else:
        generator.set_state(_thawed(mark))


def numpy_mark() -> Any:
    """The state of ``np.random``."""
    return _frozen(np.random.get_state(legacy=False))


def restore_numpy(mark: Any) -> None:
    """Restore ``np.random`` from a mark."""
    np.random.set_state(_thawed(mark))


class _Numbers(NamedTuple):
    """An array in a generator's state, in a form that can be compared and hashed."""

    dtype: str
    data: bytes


def _frozen(state: Any) -> Any:
    if isinstance(state, dict):
        return tuple((name, _frozen(part)) for name, part in state.items())
    return _Numbers(state.dtype.str, state.tobytes()) if isinstance(state, np.ndarray) else state


def _thawed(mark: Any) -> Any:
    if isinstance(mark, _Numbers):
        return np.frombuffer(mark.data, mark.dtype).copy()
    return {name: _thawed(part) for name, part in mark} if isinstance(mark, tuple) else mark
