"""Any change of anything that a call can reach is seen or becomes a doubt; and what did not change is not reported."""

from __future__ import annotations

import argparse
import array
import collections
import contextvars
import csv
import ctypes
import enum
import functools
import hashlib
import hmac
import io
import itertools
import mmap
import multiprocessing
import multiprocessing.shared_memory
import operator
import queue
import random
import re
import socket
import sqlite3
import threading
import types
import weakref
import xxsubtype  # types of C that come with Python for tests like these
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridize.dynamic.child import effects, walking
from hybridize.dynamic.child.calls import Calls, Company
from hybridize.dynamic.child.effects import Project, Snapshot

PROJECT = Project([str(Path(__file__).parent)], [])


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that other tests have left in this process are no threads of the script."""
    monkeypatch.setattr(effects, "_is_beside_others", lambda: False)


# What holds something: each is given an object, and makes one that leads to it


@dataclass(eq=False)
class Settings:
    inside: Any


class Slotted:
    __slots__ = ("inside",)

    def __init__(self, inside: Any) -> None:
        self.inside = inside


class Hidden:
    def __init__(self, inside: Any) -> None:
        self._inside = inside

    @property
    def inside(self) -> Any:
        return self._inside


class Table(dict):  # type: ignore[type-arg]
    pass


class Sequence(tuple[Any, ...]):
    pass


class Named(NamedTuple):
    first: int
    inside: Any


class Label(str):
    inside: Any


class Key:
    """A key of a dictionary, or an element of a set, that holds something."""

    def __init__(self, inside: Any) -> None:
        self.inside = inside


def label(inside: Any) -> Any:
    made = Label("label")
    made.inside = inside
    return made


def on_a_class(inside: Any) -> Any:
    return type("Made", (), {"inside": inside, "__module__": __name__})()


def in_an_enumeration(inside: Any) -> Any:
    made = enum.Enum("Made", {"ONE": 1, "TWO": 2}, module=__name__)
    made["TWO"].extra = inside  # type: ignore[attr-defined]
    return made


def in_a_closure(inside: Any) -> Any:
    return lambda: inside


def in_a_default(inside: Any) -> Any:
    return lambda x=inside: x


def on_a_function(inside: Any) -> Any:
    def function() -> None: ...

    function.inside = inside  # type: ignore[attr-defined]
    return function


def in_a_generator(inside: Any) -> Iterator[Any]:
    def each(held: Any) -> Iterator[Any]:
        yield 1
        yield held

    made = each(inside)
    next(made)
    return made


def in_a_loop_of_a_generator(inside: Any) -> Iterator[Any]:
    def each() -> Iterator[Any]:
        yield from ()
        for _ in [1, [inside]]:
            yield 1

    made = each()
    next(made)
    return made


def in_a_thread_local(inside: Any) -> Any:
    made = threading.local()
    made.inside = inside
    return made


def in_a_context_variable(inside: Any) -> Any:
    made: contextvars.ContextVar[Any] = contextvars.ContextVar("made")
    made.set(inside)
    return made


def in_a_queue(inside: Any, kind: Callable[[], Any]) -> Any:
    made = kind()
    made.put(inside)
    return made


def in_a_weak_dictionary(inside: Any) -> Any:
    key = Key(None)
    made = weakref.WeakKeyDictionary({key: inside})
    return made, key


def in_an_object_array(inside: Any) -> Any:
    made = np.empty(3, object)
    made[1] = inside
    return made


def in_a_structured_array(inside: Any) -> Any:
    made = np.zeros(2, [("number", "i4"), ("inside", "O")])
    made[1]["inside"] = inside
    return made


def in_a_row(inside: Any) -> Any:
    return in_a_structured_array(inside)[1]


def in_a_cache(inside: Any, largest: int | None = 128) -> Any:
    @functools.lru_cache(largest)
    def compute() -> Any:
        return inside

    compute()
    return compute


def library(source: str, name: str = "a_library_of_a_test") -> Any:
    """A module of a library, with what its source makes."""
    made = types.ModuleType(name)
    exec(source, made.__dict__)
    return made


# As Keras 3 keeps layers, and the functions that it was given.
KERAS = library(
    """
class Layer:
    built = False

    def __init__(self, function=None):
        self.built = True
        self._layers = []
        self.activation = function

class Sequential(Layer):
    def __init__(self, layers):
        super().__init__()
        self._layers = list(layers)
        self._functional = None

    @property
    def layers(self):
        return self._layers

class Functional(Layer):
    def __init__(self, operations):
        super().__init__()
        self._operations = [*operations, Layer(), Sequential([])]
        self._operations_by_depth = {0: (*operations,)}
""",
    "keras.src.models",
)


class Tap(KERAS.Layer):  # type: ignore[misc, name-defined]
    """A layer of the project's."""

    def __init__(self, inside: Any) -> None:
        super().__init__()
        self.inside = inside

    def call(self, x: Any) -> Any:
        self.inside.append(x)
        return x


class Net(KERAS.Sequential):  # type: ignore[misc, name-defined]
    """A model of the project's, which calls what it holds as Keras does."""


HOLDERS: list[Callable[[Any], Any]] = [
    lambda x: KERAS.Sequential([KERAS.Layer(), Tap(x)]),
    lambda x: KERAS.Sequential([KERAS.Sequential([Tap(x)])]),
    lambda x: KERAS.Functional([Tap(x)]),
    lambda x: KERAS.Layer(in_a_closure(x)),
    lambda x: KERAS.Layer([1, {"penalty": (in_a_closure(x),)}]),
    lambda x: KERAS.Layer(functools.partial(print, x)),
    lambda x: KERAS.Layer(Key(x)),
    lambda x: KERAS.Layer({"arguments": x}),
    lambda x: Net([Tap(x)]),
    lambda x: [x],
    lambda x: [1, [2, x]],
    lambda x: [[] for _ in range(2500)] + [x],
    lambda x: (1, x),
    lambda x: (*range(2500), x),
    lambda x: {"a": x},
    lambda x: {n: [] for n in range(6000)} | {"last": x},
    lambda x: {Key(x): 1},
    lambda x: {(1, Key(x)): 1},
    lambda x: {Key(x)},
    lambda x: frozenset({Key(x)}),
    lambda x: collections.deque([x]),
    lambda x: collections.OrderedDict(a=x),
    lambda x: collections.defaultdict(list, a=x),
    lambda x: collections.ChainMap({}, {"a": x}),
    lambda x: collections.UserDict(a=x),
    lambda x: collections.UserList([x]),
    lambda x: types.SimpleNamespace(a=x),
    lambda x: types.MappingProxyType({"a": x}),
    lambda x: Table(a=x),
    lambda x: Sequence([x]),
    lambda x: Named(1, x),
    lambda x: functools.partial(print, x),
    lambda x: functools.partial(print, a=x),
    lambda x: in_a_queue(x, queue.Queue),
    lambda x: in_a_queue(x, queue.LifoQueue),
    lambda x: in_a_queue(x, queue.SimpleQueue),
    lambda x: {"a": x}.values(),
    lambda x: iter([1, x]),
    lambda x: zip([1], [x], strict=True),
    lambda x: map(str, [x]),
    lambda x: itertools.chain([1], [x]),
    lambda x: itertools.cycle([x]),
    lambda x: itertools.repeat(x),
    lambda x: itertools.islice([1, x], 2),
    lambda x: itertools.tee([x])[1],
    lambda x: itertools.groupby([x]),
    lambda x: weakref.ref(x) if type(x) is Key else [x],
    lambda x: ValueError("wrong", x),
    Settings,
    Slotted,
    Hidden,
    label,
    on_a_class,
    in_an_enumeration,
    in_a_closure,
    in_a_default,
    on_a_function,
    in_a_generator,
    in_a_loop_of_a_generator,
    in_a_thread_local,
    in_a_context_variable,
    in_a_weak_dictionary,
    in_an_object_array,
    in_a_structured_array,
    in_a_cache,
    lambda x: in_a_cache(x, None),
    lambda x: in_a_row(x),
]


# What changes: how it is made, and what changes it


def reverse(x: Any) -> None:
    items = list(x)
    x.clear()
    x.extend(reversed(items))


def reinsert(x: Any) -> None:
    x["a"] = x.pop("a")


def count_up() -> Iterator[int]:
    for _ in range(10):
        yield 0


def a_structure() -> Any:
    class Pair(ctypes.Structure):
        _fields_ = [("a", ctypes.c_int), ("b", ctypes.c_int)]

    return Pair(1, 2)


def a_database() -> Any:
    made = sqlite3.connect(":memory:")
    made.execute("create table log (line text)")
    return made


class Slot(ctypes.Structure):
    _fields_ = [("slot", ctypes.c_int), ("function", ctypes.c_void_p)]


class Spec(ctypes.Structure):
    _fields_ = [
        *[("name", ctypes.c_char_p), ("basicsize", ctypes.c_int), ("itemsize", ctypes.c_int)],
        *[("flags", ctypes.c_uint), ("slots", ctypes.POINTER(Slot))],
    ]


def a_type_of_c() -> Any:
    """A class made in C, whose objects hold one number that nothing shows."""
    make = ctypes.pythonapi.PyType_FromSpec
    make.restype, make.argtypes = ctypes.py_object, [ctypes.POINTER(Spec)]
    size = object.__basicsize__ + ctypes.sizeof(ctypes.c_long)
    may_be_derived_from = 1 << 10
    return make(ctypes.byref(Spec(b"a_library.Number", size, 0, may_be_derived_from, (Slot * 1)(Slot(0, None)))))


NUMBER = a_type_of_c()


def count_in_c(x: Any) -> None:
    ctypes.c_long.from_address(id(x) + object.__basicsize__).value += 1


def set_state(x: Any) -> None:
    x.setstate(3)


def extend_the_arguments(x: Any) -> None:
    x.__reduce__()[1][1].append(1)


KEPT: collections.deque[Any] = collections.deque(maxlen=100)


def keep(made: Any, *others: Any) -> Any:
    """What was made, whose other end stays open for a while."""
    KEPT.append((made, others))
    return made


def an_end_of_a_pipe() -> Any:
    ends = multiprocessing.Pipe()
    return keep(*ends)


def a_shared_memory() -> Any:
    made = multiprocessing.shared_memory.SharedMemory(create=True, size=8)
    made.unlink()
    return keep(made)


def a_socket() -> Any:
    return keep(*socket.socketpair())


def a_context_variable() -> Any:
    made: contextvars.ContextVar[int] = contextvars.ContextVar("counter")
    made.set(1)
    return made


def a_function() -> Any:
    def function() -> None: ...

    return function


def a_function_with_a_keyword() -> Any:
    def function(*, rate: int = 1) -> None: ...

    return function


def a_class() -> Any:
    return type("Made", (), {"count": 0, "method": lambda self: 1, "__module__": __name__})


def add(x: Any) -> None:
    x.add(-1)


def swap_rows(x: Any) -> None:
    x[[0, 1]] = x[[1, 0]]


def started(iterator: Any) -> Any:
    next(iterator)
    return iterator


def append(x: Any) -> None:
    x.append(1)


def put(x: Any) -> None:
    x.put(1)


def put_and_get(x: Any) -> None:
    x.put(object())
    x.get()


MUTATIONS: list[tuple[str, Callable[[], Any], Callable[[Any], Any]]] = [
    ("list", lambda: [3], append),
    ("long list", lambda: list(range(5000)), lambda x: x.__setitem__(4999, 0)),
    ("turned list", lambda: [1, 2, 3], reverse),
    ("dictionary", lambda: {"a": 1}, lambda x: x.update(a=2)),
    ("order of a dictionary", lambda: {"a": 1, "b": 2}, reinsert),
    ("large dictionary", lambda: {n: n for n in range(9000)}, lambda x: x.update({8999: 0})),
    ("equal key of another type", lambda: {1: "a"}, lambda x: (x.clear(), x.update({True: "a"}))),
    ("order of an ordered one", lambda: collections.OrderedDict(a=1, b=2), lambda x: x.move_to_end("a")),
    ("default dictionary", lambda: collections.defaultdict(list), lambda x: x["a"]),
    ("counter", collections.Counter, lambda x: x.update("a")),
    ("set", lambda: {1}, add),
    ("deque", lambda: collections.deque([1, 2]), lambda x: x.rotate(1)),
    ("byte array", lambda: bytearray(b"ab"), lambda x: x.__setitem__(0, 0)),
    ("array", lambda: array.array("i", [1]), append),
    ("NumPy array", lambda: np.zeros((3, 4)), lambda x: x.__setitem__((1, 1), 5)),
    ("large array", lambda: np.zeros((600, 600)), lambda x: x.__setitem__((599, 599), 5)),
    ("rows of a large array", lambda: np.arange(360_000.0).reshape(600, 600), swap_rows),
    ("very large array", lambda: np.zeros((20, 1 << 19)), lambda x: x.__setitem__((19, 77), 5)),
    ("strided array", lambda: np.zeros((4, 4))[::2, ::2], lambda x: x.__setitem__((1, 1), 5)),
    ("object array", lambda: np.array([None, "a"]), lambda x: x.__setitem__(1, "b")),
    ("structured array", lambda: np.zeros(2, [("a", "i4"), ("b", "O")]), lambda x: x[1].__setitem__("a", 5)),
    ("row of a structured array", lambda: np.zeros(2, [("a", "i4"), ("b", "O")])[0], lambda x: x.__setitem__("a", 5)),
    ("flat iterator", lambda: np.zeros(3).flat, next),
    ("text stream", io.StringIO, lambda x: x.write("line")),
    ("place in a text stream", lambda: io.StringIO("line"), lambda x: x.read(1)),
    ("byte stream", io.BytesIO, lambda x: x.write(b"line")),
    ("closed stream", io.StringIO, lambda x: x.close()),
    ("hash", hashlib.sha256, lambda x: x.update(b"a")),
    ("BLAKE hash", hashlib.blake2b, lambda x: x.update(b"a")),
    ("shake hash", hashlib.shake_128, lambda x: x.update(b"a")),
    ("compressor", zlib.compressobj, lambda x: x.compress(b"abc")),
    ("decompressor", zlib.decompressobj, lambda x: x.decompress(zlib.compress(b"abc")[:5])),
    ("simple queue", queue.SimpleQueue, put),
    ("item of a simple queue", lambda: in_a_queue(object(), queue.SimpleQueue), put_and_get),
    ("queue", queue.Queue, put),
    ("priority queue", queue.PriorityQueue, put),
    ("end of a pipe", an_end_of_a_pipe, lambda x: x.send(1)),
    ("socket", a_socket, lambda x: x.send(b"a")),
    ("queue of processes", multiprocessing.SimpleQueue, put),
    ("value of processes", lambda: multiprocessing.Value("i", 1), lambda x: setattr(x, "value", 2)),
    ("shared memory", a_shared_memory, lambda x: x.buf.__setitem__(0, 7)),
    ("arguments of a method's caller", lambda: operator.methodcaller("f", []), extend_the_arguments),
    ("number in C", lambda: NUMBER(), count_in_c),
    ("number in C, in a class of Python's", lambda: type("Sub", (NUMBER,), {})(), count_in_c),
    ("number in C, in a class with slots", lambda: type("Sub", (NUMBER,), {"__slots__": ("a",)})(), count_in_c),
    ("number in C behind a list", xxsubtype.spamlist, lambda x: x.setstate(3)),
    ("number in C behind a dictionary", xxsubtype.spamdict, lambda x: x.setstate(3)),
    ("number in C behind a list, in a class of Python's", lambda: type("Sub", (xxsubtype.spamlist,), {})(), set_state),
    ("view of memory", lambda: memoryview(bytearray(b"ab")), lambda x: x.__setitem__(0, 0)),
    ("map of memory", lambda: mmap.mmap(-1, 100), lambda x: x.__setitem__(5, 7)),
    ("place in a map of memory", lambda: mmap.mmap(-1, 100), lambda x: x.seek(5)),
    ("number of C", lambda: ctypes.c_int(3), lambda x: setattr(x, "value", 4)),
    ("structure of C", a_structure, lambda x: setattr(x, "b", 4)),
    ("array of C", lambda: (ctypes.c_double * 3)(), lambda x: x.__setitem__(1, 2.0)),
    ("pointer of C", lambda: ctypes.pointer(ctypes.c_int(3)), lambda x: setattr(x.contents, "value", 4)),
    ("database", a_database, lambda x: x.execute("insert into log values ('x')")),
    ("lock", threading.Lock, lambda x: x.acquire()),
    ("reentrant lock", threading.RLock, lambda x: x.acquire()),
    ("semaphore", threading.Semaphore, lambda x: x.acquire()),
    ("event", threading.Event, lambda x: x.set()),
    ("thread's own", threading.local, lambda x: setattr(x, "a", 1)),
    ("context variable", a_context_variable, lambda x: x.set(2)),
    ("random", lambda: random.Random(3), lambda x: x.random()),
    ("NumPy's random", lambda: np.random.default_rng(3), lambda x: x.random()),
    ("NumPy's Mersenne twister", lambda: np.random.Generator(np.random.MT19937(3)), lambda x: x.random()),
    ("NumPy's Philox", lambda: np.random.Generator(np.random.Philox(3)), lambda x: x.random()),
    ("NumPy's old random over another", lambda: np.random.RandomState(np.random.PCG64(3)), lambda x: x.rand()),
    ("bit generator", lambda: np.random.PCG64(3), lambda x: x.random_raw()),
    ("seed sequence", lambda: np.random.SeedSequence(3), lambda x: x.spawn(1)),
    ("iterator", lambda: iter([1, 2]), next),
    ("iterator of keys", lambda: iter(collections.OrderedDict(a=1, b=2)), next),
    ("reversed dictionary", lambda: reversed({"a": 1, "b": 2}), next),
    ("iterator of bytes", lambda: iter(b"ab"), next),
    ("iterator of a deque", lambda: iter(collections.deque([1, 2])), next),
    ("call until", lambda: iter([1, 2, 3].pop, 1), next),
    ("end of a tee", lambda: itertools.tee([1, 2])[0], next),
    ("slice of an iterator", lambda: itertools.islice(itertools.repeat(1), 9), next),
    ("groups", lambda: itertools.groupby("aab"), next),
    ("count", itertools.count, next),
    ("generator", lambda: started(count_up()), next),
    ("matches of a pattern", lambda: re.finditer("a", "aaa"), next),
    ("attribute", lambda: Key(1), lambda x: setattr(x, "inside", 2)),
    ("new attribute", lambda: types.SimpleNamespace(), lambda x: setattr(x, "a", 2)),
    ("function's attribute", a_function, lambda x: setattr(x, "calls", 1)),
    ("function's default value", a_function, lambda x: setattr(x, "__defaults__", (1,))),
    ("function's keyword", a_function_with_a_keyword, lambda x: x.__kwdefaults__.update(rate=2)),
    ("function's code", a_function, lambda x: setattr(x, "__code__", nothing.__code__)),
    ("class's method", a_class, lambda x: setattr(x, "method", lambda self: 2)),
    ("class's special method", a_class, lambda x: setattr(x, "__call__", lambda self: 2)),
    ("class's attribute", a_class, lambda x: setattr(x, "count", 1)),
    ("bound method of a list", lambda: [].append, lambda x: x(1)),
    ("keyed hash", lambda: hmac.new(b"key", digestmod="sha256"), lambda x: x.update(b"a")),
]


def nothing(x: Any) -> None:
    """A function of the project that is given something."""


def anything(x: Any) -> None:
    """A function of the project that has a word for everything."""
    getattr(x, "anything", None)


mutations = pytest.mark.parametrize(("make", "change"), [m[1:] for m in MUTATIONS], ids=[m[0] for m in MUTATIONS])


def is_noticed(roots: dict[str, Any], function: Any, change: Callable[[], Any]) -> bool:
    """Whether a change is seen or doubted; that nothing is reported before it is asserted."""
    before = Snapshot(roots, function, PROJECT)
    assert not before.changes(), "looking alone changes nothing"
    change()
    return bool(before.changes() or before.unseen)


@pytest.mark.slow
@mutations
def test_a_change_of_an_argument_is_seen_or_doubted(make: Any, change: Any) -> None:
    x = make()
    assert is_noticed({"x": x}, anything, lambda: change(x))


@pytest.mark.slow
@pytest.mark.parametrize("holder", range(len(HOLDERS)))
def test_a_change_inside_of_what_holds_something_is_seen_or_doubted(holder: int) -> None:
    x = Key([1])
    assert is_noticed({"x": HOLDERS[holder](x)}, anything, lambda: x.inside.append(2))


@pytest.mark.slow
@pytest.mark.parametrize("holder", range(len(HOLDERS)))
def test_a_change_of_a_class_that_something_holds_is_seen_or_doubted(holder: int) -> None:
    x = a_class()
    assert is_noticed({"x": HOLDERS[holder](x)}, anything, lambda: setattr(x, "count", 1))


@pytest.mark.slow
@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(MUTATIONS),
    st.lists(st.sampled_from(HOLDERS), max_size=4),
    st.lists(st.tuples(st.sampled_from(MUTATIONS), st.sampled_from(HOLDERS)), max_size=3),
)
def test_any_change_of_any_reachable_object_is_seen_or_doubted(mutation: Any, holders: Any, others: Any) -> None:
    _, make, change = mutation
    x = made = make()
    for holder in holders:
        made = holder(made)
    beside = [hold(other[1]()) for other, hold in others]
    assert is_noticed({"x": [beside, made]}, anything, lambda: change(x))


@pytest.mark.slow
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(MUTATIONS), st.sampled_from(HOLDERS)), max_size=4))
def test_what_is_put_back_is_as_it_was(others: Any) -> None:
    made = [hold(other[1]()) for other, hold in others]
    before = Snapshot({"x": made}, anything, PROJECT)
    before.restore()
    assert not before.changes()
    assert not Snapshot({"x": made}, anything, PROJECT).changes()


# What the code has words for


class Holder:
    """Something with one thing that its step uses, and one that only another method uses."""

    def __init__(self, used: Any = None, other: Any = None) -> None:
        self.used, self.other = used, other

    def step(self) -> Any:
        return self.help()

    def help(self) -> Any:
        return self.used

    def report(self) -> Any:
        return self.other

    def any_of_it(self, name: str) -> Any:
        return getattr(self, name)


def unseen(holder: Holder, function: Any = Holder.step) -> str:
    return Snapshot({"self": holder}, function, PROJECT).unseen


def test_only_what_the_code_has_a_word_for_is_doubted() -> None:
    database = sqlite3.connect(":memory:")
    assert "self.used, of the type sqlite3.Connection" in unseen(Holder(used=database))
    assert not unseen(Holder(other=database))
    assert unseen(Holder(other=database), Holder.report)
    assert unseen(Holder(other=database), Holder.any_of_it), "getattr comes to everything"
    assert not unseen(Holder(other=[database]))
    assert unseen(Holder(used=Holder(used=database)))


class Options(enum.IntFlag):
    FIRST = 1


class Mode(enum.StrEnum):
    FIRST = "first"


def made_of_types(first: Any) -> Any:
    return Named(first, Options.FIRST).first


def test_a_field_of_a_type_and_a_member_of_a_flag_have_no_state() -> None:
    assert not Snapshot({"first": 1}, made_of_types, PROJECT).unseen
    assert not unseen(Holder(used=[Options.FIRST, Mode.FIRST, label(1), int | None]))


@pytest.mark.parametrize(
    "base", [dict, list, set, tuple, bytearray, str, bytes, float, collections.deque, collections.OrderedDict, OSError]
)
@pytest.mark.parametrize("more", [{}, {"__slots__": ()}])
def test_a_class_made_of_python_s_own_shows_its_state(base: type, more: dict[str, Any]) -> None:
    made = type("Made", (base,), {"__module__": __name__, **more})
    assert not unseen(Holder(used=[made(), type("Lower", (made,), {"__module__": __name__})()]))


def test_what_two_ways_lead_to_is_near_if_one_of_them_is() -> None:
    database = sqlite3.connect(":memory:")
    everything = [database]
    assert unseen(Holder(used={"a": everything}, other=everything))
    holder = Holder(other=everything)
    holder.used = holder.other
    assert unseen(holder)


def run(model: Any) -> Any:
    return model(1)


def test_what_a_model_of_a_library_s_calls_is_near() -> None:
    database = sqlite3.connect(":memory:")
    for model in (KERAS.Sequential([Tap(database)]), KERAS.Functional([Tap(database)]), Net([Tap(database)])):
        assert "inside, of the type sqlite3.Connection" in Snapshot({"model": model}, run, PROJECT).unseen


def test_what_the_project_hangs_on_a_library_s_layer_is_its_state() -> None:
    project = Project([str(Path(__file__).parent)], ["count", "built"])
    layer = KERAS.Layer()
    before = Snapshot({"layer": layer}, nothing, project)
    layer.built, layer.other = False, 1
    assert not before.changes(), "what Keras sets is its own"
    layer.count = 1
    assert [c.subject for c in before.changes()] == ["layer.count"]


@pytest.mark.slow
def test_a_model_of_many_layers_is_looked_at_without_a_doubt() -> None:
    layers = [KERAS.Layer() for _ in range(2000)]
    for layer in layers:
        layer.__dict__ |= {f"_part_{n}": [object(), {}, "a", KERAS.Layer] for n in range(50)}
    assert not Snapshot({"model": KERAS.Sequential([*layers, Tap([])])}, run, PROJECT).unseen


REGISTRY = library("""
functions = []

def call_all():
    return [function() for function in functions]
""")
COUNTS = [0]


def count_one() -> None:
    COUNTS[0] += 1


def step_through_a_registry() -> None:
    REGISTRY.call_all()


def test_a_function_that_ran_in_an_earlier_call_is_where_later_looks_begin_as_well() -> None:
    """No name leads from the step to a function that a library keeps; that it ran is known."""
    REGISTRY.functions[:] = [count_one]
    company = Company()
    with Calls(PROJECT) as calls:
        step_through_a_registry()
    company.note(calls)
    before = Snapshot({}, step_through_a_registry, PROJECT, company)
    step_through_a_registry()
    assert [c.subject for c in before.changes()] == ["COUNTS[0]"]


def test_the_object_of_a_method_that_ran_is_where_later_looks_begin_as_well() -> None:
    tap = Tap([])
    REGISTRY.functions[:] = [functools.partial(tap.call, 1)]
    company = Company()
    with Calls(PROJECT) as calls:
        step_through_a_registry()
    company.note(calls)
    before = Snapshot({}, step_through_a_registry, PROJECT, company)
    step_through_a_registry()
    assert [c.subject for c in before.changes()] == ["self.inside"]
    gone = weakref.ref(tap)
    del tap, calls, before
    REGISTRY.functions.clear()
    assert gone() is None, "an object that is gone is not kept for it"


def test_a_change_of_what_no_word_leads_to_is_seen_all_the_same() -> None:
    holder = Holder(other=[])
    assert is_noticed({"self": holder}, Holder.step, lambda: holder.other.append(1))


def test_a_change_of_what_no_word_leads_to_is_another_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects, "_is_beside_others", lambda: True)
    holder = Holder(used=[], other=[])
    before = Snapshot({"self": holder}, Holder.step, PROJECT)
    holder.other.append(1)
    assert not before.changes()
    before.restore()
    assert holder.other == [1], "what another thread does is not taken back"
    holder.used.append(1)
    assert [c.subject for c in before.changes()] == ["self.used"]


def test_an_attribute_that_no_word_leads_to_is_another_threads_on_a_near_object_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(effects, "_is_beside_others", lambda: True)
    holder = Holder(used=1, other=1)
    before = Snapshot({"self": holder}, Holder.step, PROJECT)
    holder.other, holder.more = 2, 3  # type: ignore[attr-defined]
    assert not before.changes()
    holder.used = 4
    assert [c.subject for c in before.changes()] == ["self.used"]
    before.restore()
    assert vars(holder) == {"used": 1, "other": 2, "more": 3}, "what another thread does is not taken back"
    everything = Snapshot({"self": holder}, Holder.any_of_it, PROJECT)
    holder.other = 5
    assert everything.changes(), "getattr comes to everything"


def test_an_attribute_that_no_word_leads_to_is_the_call_s_where_no_thread_is_beside() -> None:
    holder = Holder(used=1, other=1)
    assert is_noticed({"self": holder}, Holder.step, lambda: setattr(holder, "other", 2))


def test_a_large_buffer_is_doubted_only_where_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "OBJECTS", 200)
    buffer = [(np.zeros(3), 1) for _ in range(1000)]
    assert "too many to inspect" in unseen(Holder(used=buffer))
    assert not unseen(Holder(other=buffer))
    assert not unseen(Holder(used=list(range(100_000)))), "plain numbers are no objects to walk through"


def test_a_very_large_array_is_doubted_where_it_may_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "BYTES", 1 << 21)
    data = np.zeros(1 << 19)
    assert "self.used, which is too large (4 MB)" in unseen(Holder(used=data))
    assert not unseen(Holder(other=data))
    data.flags.writeable = False
    assert not unseen(Holder(used=data))


# What else leads on


def changed(roots: dict[str, Any], function: Any, change: Callable[[], Any]) -> set[str]:
    before = Snapshot(roots, function, PROJECT)
    change()
    assert not before.unseen
    return {found.subject for found in before.changes()}


class Colour(enum.Flag):
    RED = 1
    BLUE = 2


def mix() -> Any:
    return Colour.RED | Colour.BLUE


class Meta(type):
    seen: list[int] = []  # noqa: RUF012


class Made(metaclass=Meta):
    pass


def test_what_a_metaclass_holds_is_looked_at() -> None:
    assert changed({"x": Made}, nothing, lambda: Meta.seen.append(1))
    assert changed({"x": Made()}, nothing, lambda: setattr(Meta, "count", 1)) == {"Meta.count"}
    del Meta.count  # type: ignore[attr-defined]


def test_an_enumerations_tables_are_no_state_of_the_script() -> None:
    assert not changed({}, mix, mix)


def test_what_holds_things_for_the_project_is_the_projects() -> None:
    for made in (types.SimpleNamespace(), argparse.Namespace(), collections.UserDict()):
        holder = Holder(other=made)
        assert changed({"self": holder}, Holder.step, lambda made=made: setattr(made, "a", 1))  # type: ignore[misc]


def test_a_file_that_is_open_already_is_seen(tmp_path: Path) -> None:
    with open(tmp_path / "log.txt", "w") as file:
        assert changed({"x": file}, nothing, lambda: file.write("a")) >= {"x"}
        writer = csv.writer(file)
        assert changed({"x": writer}, nothing, lambda: writer.writerow([1, 2]))
    with open(tmp_path / "log.txt") as file:
        assert changed({"x": file}, nothing, file.readline) >= {"x"}


def test_a_global_that_comes_into_being_is_seen() -> None:
    space: dict[str, Any] = {"__name__": __name__}
    exec(compile("def step():\n    global born\n    born = 1", __file__, "exec"), space)
    before = Snapshot({}, space["step"], PROJECT)
    space["step"]()
    assert [(c.kind, c.subject) for c in before.changes()] == [("global", "born")]
    before.restore()
    assert "born" not in space


def test_no_key_is_asked_whether_it_is_another() -> None:
    class Touchy:
        def __hash__(self) -> int:
            if busy:
                raise AssertionError("a method of the user's was called")
            return 1

        __eq__ = None  # type: ignore[assignment]

    busy: list[int] = []
    table, group = {Touchy(): 1}, {Touchy()}
    busy.append(1)
    before = Snapshot({"x": table, "y": group}, nothing, PROJECT)
    assert not before.changes()
    before.restore()


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("a method of the user's was called")


class Claimed(Key):
    """It says that it is a dictionary, as proxies and mocks do."""

    __class__ = property(lambda self: dict)  # type: ignore[assignment]


class Unbound(Key):
    __class__ = property(refuse)  # type: ignore[assignment]


class Secretive(Key):
    __getattribute__ = __getattr__ = __dir__ = refuse  # type: ignore[assignment]


class Homeless(Key):
    __module__ = None  # type: ignore[assignment]


class Touchy(str):
    inside: Any

    def __new__(cls, inside: Any) -> Touchy:
        made = str.__new__(cls, "text")
        vars(made)["inside"] = inside
        return made

    __eq__ = __ne__ = __repr__ = __len__ = __str__ = refuse  # type: ignore[assignment]
    __hash__ = refuse  # type: ignore[assignment]


@pytest.mark.parametrize("kind", [Claimed, Unbound, Secretive, Homeless, Touchy])
def test_an_object_is_not_asked_what_it_is_nor_what_it_holds(kind: Any) -> None:
    inside: list[int] = []
    made = kind(inside)
    before = Snapshot({"x": types.SimpleNamespace(one=made, two=[made, kind([])])}, anything, PROJECT)
    assert not before.changes()
    inside.append(1)
    assert before.changes()
    before.restore()
    assert inside == [] and not before.changes()


def test_a_text_of_the_users_class_that_is_another_is_told_apart_without_being_asked() -> None:
    holder = Key(Touchy(1))
    before = Snapshot({"x": holder}, anything, PROJECT)
    holder.inside = Touchy(1)
    assert not before.changes(), "it is the same text"
    holder.inside = 3
    assert [c.detail for c in before.changes()] == ["'text' then 3"]


def test_a_tuple_in_a_proxy_of_tensorflows_is_looked_into() -> None:
    proxies = library(
        """
class ObjectProxy:
    def __init__(self, held):
        self.__wrapped__ = held
""",
        "tensorflow.python.trackable.data_structures",
    )
    x: list[int] = []
    assert is_noticed({"x": Key(proxies.ObjectProxy((1, x)))}, anything, lambda: x.append(1))
    assert is_noticed({"x": Key(proxies.ObjectProxy({"a": x}))}, anything, lambda: x.append(1))


def test_two_closures_of_one_function_are_two() -> None:
    def make() -> Any:
        count = 0

        def step() -> None:
            nonlocal count
            count += 1

        return step

    one, other = make(), make()
    assert is_noticed({"x": one, "y": other}, nothing, other)
