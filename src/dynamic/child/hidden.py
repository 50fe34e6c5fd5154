"""Reads and restores state that an object keeps in C, where no attribute shows it (in the child process).

The state of the types that are known here can be read without side effects. Of other objects, the references that
Python's garbage collector sees are read. Their size shows whether they keep more: an object that is larger than its
attributes has state that can't be inspected.
"""

from __future__ import annotations

import array
import collections
import contextvars
import ctypes
import datetime
import decimal
import functools
import gc
import io
import mmap
import operator
import queue
import re
import struct
import sys
import threading
import types
import weakref
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from . import marks
from .marks import MISSING, Same, Unseen

_HASHES = ("_hashlib", "_blake2", "_md5", "_sha1", "_sha2", "_sha256", "_sha512", "_sha3")
_PROTOBUF = ("google.protobuf", "google._upb")
_POINTER = 8
_readers: weakref.WeakKeyDictionary[type, Callable[[Any], Any] | None] = weakref.WeakKeyDictionary()
_NUMPY_POSITIONS: dict[type, str] = {np.flatiter: "index", np.broadcast: "index", np.nditer: "iterindex"}
#: Types that never change, or hold no state: code, patterns, dates, descriptors.
INERT: tuple[type, ...] = (
    np.generic,
    np.dtype,
    np.ufunc,
    re.Pattern,
    re.Match,
    decimal.Decimal,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    datetime.tzinfo,
    struct.Struct,
    operator.itemgetter,
    operator.attrgetter,
    types.CodeType,
    types.UnionType,
    types.MemberDescriptorType,
    types.GetSetDescriptorType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    type(NotImplemented),
    type(ctypes.pythonapi.Py_IncRef),
    type(vars(collections.namedtuple("_Named", "field"))["field"]),
)
# Types whose own content is inspected elsewhere; a subclass may add attributes.
_SIZED: tuple[type, ...] = (
    *(int, float, complex, str, bytes, list, dict, set, frozenset, tuple, bytearray, array.array, np.ndarray),
    *(collections.deque, collections.OrderedDict, collections.defaultdict),
)
# CPython's flag of types whose attributes are stored before the object, and so do not add to its size.
_MANAGED_DICTIONARY = 1 << 4
# Python's own types that show only a number, for something outside of the process.
_HANDLES = ("multiprocessing.connection",)
# Types whose whole state are their references.
_TRANSPARENT: tuple[type, ...] = (
    types.MappingProxyType,
    types.CellType,
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.GenericAlias,
    property,
    staticmethod,
    classmethod,
    functools.partial,
    functools._lru_cache_wrapper,
    operator.methodcaller,
    BaseException,
    type({}.keys()),
    type({}.values()),
    type({}.items()),
    type(collections.OrderedDict().keys()),
    type(collections.OrderedDict().values()),
    type(collections.OrderedDict().items()),
    type(weakref.ref(re)),
    threading.local,
)


def mark(value: Any) -> Any:
    """A fingerprint of an object's hidden state; None if it has none. Raises `Unseen`."""
    kind = type(value)
    if kind not in _readers:
        _readers[kind] = _reader(kind)
    read = _readers[kind]
    if read is None:
        return None
    try:
        return read(value)
    except ValueError:  # closed, or released
        return "closed"


def _reader(kind: type) -> Callable[[Any], Any] | None:
    """The function that reads the hidden state of a type's objects; None if they have none."""
    if issubclass(kind, INERT) and not issubclass(kind, np.void):
        return None
    for known, read in _KNOWN:
        if issubclass(kind, known):
            return read
    if marks.module_of(kind) in _HASHES:
        return _digest
    if marks.module_of(type(kind)).startswith(_PROTOBUF):
        return lambda value: value.SerializePartialToString(deterministic=True)
    if issubclass(kind, _TRANSPARENT) or marks.module_of(kind).partition(".")[0] in ("wrapt", "_csv"):
        return _referred
    return _refuse if marks.module_of(kind) in _HANDLES or _is_larger_than_it_looks(kind) else None


def _is_larger_than_it_looks(kind: type) -> bool:
    """Whether objects of a type are larger than their header, their slots and their dictionary pointers."""
    known = max((base for base in (object, *_SIZED) if issubclass(kind, base)), key=lambda base: base.__basicsize__)
    holds_attributes = kind.__dictoffset__ != known.__dictoffset__ and not kind.__flags__ & _MANAGED_DICTIONARY
    holds_references = kind.__weakrefoffset__ > 0 and kind.__weakrefoffset__ != known.__weakrefoffset__
    seen = known.__basicsize__ + kind.__itemsize__ + _POINTER * (holds_attributes + holds_references)
    for base in kind.__mro__:
        if "__slots__" in vars(base):
            seen += _POINTER * sum(isinstance(item, types.MemberDescriptorType) for item in vars(base).values())
    return kind.__basicsize__ > seen


def inside(value: Any) -> list[Any]:
    """The objects that an object refers to from C, as far as the garbage collector knows them."""
    kind = type(value)
    if issubclass(kind, weakref.ref):
        target = weakref.ref.__call__(value)
        return [] if target is None else [target]
    if issubclass(kind, contextvars.ContextVar):
        return [contextvars.ContextVar.get(value, None)]
    if issubclass(kind, (types.BuiltinFunctionType, types.MethodWrapperType)):
        return [] if isinstance(value.__self__, types.ModuleType) else [value.__self__]
    if issubclass(kind, io.IOBase):
        return [item for item in gc.get_referents(value) if isinstance(item, io.IOBase)]
    if issubclass(kind, BaseException):
        return [object.__getattribute__(value, "args")]
    if issubclass(kind, np.void):  # a row of a structured array, which may be changed
        return list(np.void.item(value)) if value.dtype.hasobject else []
    if issubclass(kind, (*INERT, threading.local)):
        return []
    if issubclass(kind, memoryview):
        return [] if _is_released(value) else [value.obj]
    attributes = getattr(value, "__dict__", None) if issubclass(kind, functools.partial) else None
    return [item for item in gc.get_referents(value) if item is not kind and item is not attributes]


def _is_released(view: memoryview) -> bool:
    try:
        return view.nbytes < 0
    except ValueError:
        return True


def _referred(value: Any) -> Any:
    return tuple(map(Same, inside(value))), value.line_num if hasattr(type(value), "line_num") else 0


def _refuse(value: Any) -> Any:
    raise Unseen


def _digest(value: Any) -> bytes:
    copy = value.copy()
    return bytes(copy.digest(32) if "shake" in copy.name else copy.digest())


def _queue(value: Any) -> Any:
    held = [item for part in inside(value) if type(part) is list for item in part]
    return queue.SimpleQueue.qsize(value), tuple(map(Same, held))


def _buffer(value: Any) -> Any:
    with memoryview(value) as view:
        return marks.array_mark(np.frombuffer(view, np.uint8)) if view.nbytes and view.contiguous else view.tobytes()


def _ctypes(value: Any) -> Any:
    if isinstance(value, ctypes._Pointer) or getattr(value, "_objects", None):  # its target is stored elsewhere
        raise Unseen
    return bytes(memoryview(value).cast("B"))


def _file(value: Any) -> Any:
    """The position of a file. Buffered output is flushed first, which would happen soon anyway."""
    standard = sys.stdout, sys.stderr, sys.stdin, sys.__stdout__, sys.__stderr__, sys.__stdin__
    if any(value is each for each in standard):
        return None  # printed text is recorded when it is written
    base: Any = next(each for each in _FILES if issubclass(type(value), each))
    if base.closed.__get__(value):
        return "closed"
    try:
        if base.writable(value):
            base.flush(value)
        return base.tell(value)
    except (OSError, ValueError):
        raise Unseen from None


def _compressor(value: Any) -> Any:
    return value.copy().flush()


_FILES = (io.TextIOWrapper, io.BufferedWriter, io.BufferedReader, io.BufferedRandom, io.FileIO)
_KNOWN: list[tuple[type | tuple[type, ...], Callable[[Any], Any]]] = [
    (io.StringIO, lambda v: (io.StringIO.getvalue(v), io.StringIO.tell(v))),
    (io.BytesIO, lambda v: (io.BytesIO.getvalue(v), io.BytesIO.tell(v))),
    (_FILES, _file),
    (queue.SimpleQueue, _queue),
    (memoryview, _buffer),
    (mmap.mmap, lambda v: (v.tell(), _buffer(v))),
    ((ctypes._SimpleCData, ctypes.Structure, ctypes.Union, ctypes.Array, ctypes._Pointer), _ctypes),
    (contextvars.ContextVar, lambda v: Same(contextvars.ContextVar.get(v, MISSING))),
    (contextvars.Context, lambda v: tuple((Same(a), Same(b)) for a, b in v.items())),
    (type(threading.Lock()), lambda v: v.locked()),
    (type(threading.RLock()), repr),
    (type(zlib.compressobj()), _compressor),
    (decimal.Context, repr),
    (np.void, np.void.tobytes),
    (np.random.BitGenerator, lambda v: repr(v.state)),
    (np.random.SeedSequence, lambda v: repr(v.state)),
    (tuple(_NUMPY_POSITIONS), lambda v: getattr(v, _NUMPY_POSITIONS[type(v)])),
]


def restore(value: Any, mark: Any) -> None:
    """Restore a text or byte stream, a context variable or a memory view from its mark; others stay unchanged."""
    if isinstance(value, (io.StringIO, io.BytesIO)) and mark != "closed" and not value.closed:
        content, place = mark
        kind: Any = io.StringIO if isinstance(value, io.StringIO) else io.BytesIO
        kind.seek(value, 0)
        kind.truncate(value)
        kind.write(value, content)
        kind.seek(value, place)
    elif isinstance(value, contextvars.ContextVar) and mark.value is not MISSING:
        value.set(mark.value)
    elif isinstance(value, memoryview) and isinstance(mark, marks.Bytes) and not value.readonly:
        value.cast("B")[:] = mark.data
