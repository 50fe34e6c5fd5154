"""Inside the child: what marks the content of a Python object, so that a later look tells whether it changed.

Taking a mark disturbs nothing: no iterator is advanced, no property evaluated, no method of the user's called.
"""

from __future__ import annotations

import gc
import itertools
import random
import types
import warnings
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

COPIED_BYTES = 1 << 20
HASHED_BYTES = 1 << 26
_BLOCK = 1 << 13
#: What has no inside that could change.
ATOMS = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), range, slice)
ITERATORS: tuple[type, ...] = (
    type(iter([])),
    type(iter(())),
    type(iter("")),
    type(iter({})),
    type(iter({}.values())),
    type(iter({}.items())),
    type(iter(range(0))),
    type(iter(set())),
    type(reversed([])),
    enumerate,
    zip,
    map,
    filter,
    reversed,
    itertools.accumulate,
    itertools.chain,
    itertools.combinations,
    itertools.compress,
    itertools.count,
    itertools.cycle,
    itertools.dropwhile,
    itertools.islice,
    itertools.pairwise,
    itertools.permutations,
    itertools.product,
    itertools.repeat,
    itertools.starmap,
    itertools.takewhile,
    itertools.zip_longest,
    type(itertools.tee(())[0]),
)
GENERATORS = (random.Random, np.random.Generator, np.random.RandomState)
# Their `__reduce__` would copy what is left to come; the number of it says as much.
_COUNTED: tuple[type, ...] = (
    type(iter({})),
    type(iter({}.values())),
    type(iter({}.items())),
    type(iter(range(0))),
    type(iter(set())),
)
_ITERATOR_DEPTH = 16


class Bytes:
    """A copy of an array's content, compared as a whole."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.data = array.tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bytes) and self.data == other.data

    __hash__ = None  # type: ignore[assignment]


def array_mark(array: np.ndarray[Any, Any]) -> Any:
    """A copy of a small array, a checksum of a large one (of evenly spread rows of a very large one).

    Of a subclass, the plain array in it: a masked array would give its fill value for what is masked.
    """
    array = np.ndarray.view(array, np.ndarray)
    if array.dtype.hasobject:
        return tuple(id(item) for item in array.ravel()[:1000])
    if array.nbytes <= COPIED_BYTES:
        return Bytes(array)
    if array.nbytes > HASHED_BYTES and array.ndim:
        array = array[:: max(1, len(array) // 1000)]
    return checksum(array)


def checksum(array: np.ndarray[Any, Any]) -> bytes:
    """A checksum of an array's content; of a large one by the sums of its blocks, which memory alone holds up.

    The sums are taken twice, within blocks and across them, so that a shuffle shows as well.
    """
    flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    whole = flat.size // _BLOCK * _BLOCK if flat.size > COPIED_BYTES else 0
    sums = zlib.crc32(flat[whole:].data)
    if whole:
        blocks = flat[:whole].view(np.uint64).reshape(-1, _BLOCK // 8)
        for axis in (0, 1):
            sums = zlib.crc32(blocks.sum(axis=axis, dtype=np.uint64).data, sums)
    return sums.to_bytes(4, "little")


def restore_array(array: np.ndarray[Any, Any], mark: Any) -> None:
    """Put a small array back to its mark; a large one, of which only a checksum was kept, stays as it is."""
    array = np.ndarray.view(array, np.ndarray)
    if isinstance(mark, Bytes) and array.flags.writeable and array.nbytes == len(mark.data):
        array[...] = np.frombuffer(mark.data, array.dtype).reshape(array.shape)


def iterator_mark(value: Any, depth: int = _ITERATOR_DEPTH) -> Any:
    """Where an iterator or a generator stands. A generator without local variables has no mark but its line."""
    if isinstance(value, types.GeneratorType):
        frame = value.gi_frame
        if frame is None:
            return ("finished",)
        inner = iterator_mark(value.gi_yieldfrom, depth - 1) if depth and value.gi_yieldfrom is not None else None
        held = tuple((name, _item_mark(item, depth - 1)) for name, item in sorted(frame.f_locals.items()))
        return (frame.f_lasti, held, inner)
    if isinstance(value, itertools.count | itertools.repeat):
        return repr(value)
    if not isinstance(value, ITERATORS):
        return id(value)
    if isinstance(value, _COUNTED):
        return _length_hint(value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # pickling of itertools ends with Python 3.14
            parts = value.__reduce__()
    except (TypeError, AttributeError, ValueError):
        parts = (None, tuple(gc.get_referents(value)))
    return (_parts_mark(parts[1:], depth), _length_hint(value))


def inner_iterators(value: Any) -> Iterator[Any]:
    """What an iterator draws from, where it tells."""
    if isinstance(value, types.GeneratorType):
        if value.gi_yieldfrom is not None:
            yield value.gi_yieldfrom
        if value.gi_frame is not None:
            yield from value.gi_frame.f_locals.values()


def _parts_mark(parts: Any, depth: int) -> Any:
    if isinstance(parts, tuple) and depth > 0:
        return tuple(_parts_mark(part, depth - 1) for part in parts)
    return _item_mark(parts, depth - 1)


def _item_mark(item: Any, depth: int) -> Any:
    if isinstance(item, (bool, int, float, complex, str, bytes, type(None))):
        return item
    if isinstance(item, (types.GeneratorType, *ITERATORS)):
        # Some are made anew for each look, so their address would tell of nothing.
        return iterator_mark(item, depth) if depth > 0 else type(item).__name__
    if type(item) in (list, tuple, dict, set):
        return (id(item), len(item))
    return id(item)


def _length_hint(value: Any) -> int:
    hint = getattr(type(value), "__length_hint__", None)
    return int(hint(value)) if hint is not None else 0


def random_mark(generator: Any) -> Any:
    """The state of a Python or NumPy random number generator."""
    if isinstance(generator, random.Random):
        return random.Random.getstate(generator)
    if isinstance(generator, np.random.Generator):
        return repr(generator.bit_generator.state), generator.bit_generator.state
    return _legacy_mark(generator.get_state(legacy=True))


def restore_random(generator: Any, mark: Any) -> None:
    """Put a generator back to its mark."""
    if isinstance(generator, random.Random):
        random.Random.setstate(generator, mark)
    elif isinstance(generator, np.random.Generator):
        generator.bit_generator.state = mark[1]
    else:
        generator.set_state(_legacy_state(mark))


def numpy_mark() -> Any:
    """The state of ``np.random``."""
    return _legacy_mark(np.random.get_state(legacy=True))


def restore_numpy(mark: Any) -> None:
    """Put ``np.random`` back to a mark."""
    np.random.set_state(_legacy_state(mark))


def _legacy_mark(state: Any) -> Any:
    return (state[0], state[1].tobytes(), *state[2:])


def _legacy_state(mark: Any) -> Any:
    return (mark[0], np.frombuffer(mark[1], np.uint32), *mark[2:])
