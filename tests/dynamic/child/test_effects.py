"""What a call changed in Python: every kind of change is seen and named, taken back, and looking disturbs nothing."""

from __future__ import annotations

import array
import collections
import functools
import itertools
import queue
import random
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridize.dynamic.child import marks, walking
from hybridize.dynamic.child.effects import Change, Project, Snapshot

PROJECT = Project([str(Path(__file__).parent)], [])


def during(function: Callable[..., Any], **arguments: Any) -> list[Change]:
    """The changes that one call makes."""
    before = Snapshot(arguments, function, PROJECT)
    function(**arguments)
    return before.changes()


def seen(changes: list[Change]) -> set[tuple[str, str]]:
    return {(change.kind, change.subject) for change in changes}


def nothing(x: Any = None) -> None:
    """A function of the project that does nothing."""


# Things that a function may change


class Trainer:
    made = 0

    def __init__(self) -> None:
        self.step = 0
        self.losses: list[float] = []
        self.inner: dict[str, Any] = {"deep": {"list": [1]}}

    @property
    def double(self) -> int:
        raise AssertionError("a property was evaluated")

    python_function = layers = shape = double


class Slotted:
    __slots__ = ("_Slotted__hidden", "count")

    def __init__(self) -> None:
        self.count = 0
        self.__hidden = 0  # noqa: PLE0237

    def hide(self) -> None:
        self.__hidden += 1


@dataclass
class Settings:
    rate: float = 0.1
    history: list[float] = field(default_factory=list)


class Missing(dict):  # type: ignore[type-arg]
    """As configurations are written: attributes are items, and a missing one raises KeyError."""

    __getattr__ = dict.__getitem__


class Lenient(dict):  # type: ignore[type-arg]
    """The same, but a missing one is None."""

    __getattr__ = dict.get


class Inventive:
    """Whatever is asked for comes into being."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.__dict__[name] = Inventive()
        return self.__dict__[name]


COUNTER = 0
TABLE: dict[str, int] = {}
BATCHES = iter(range(1000))
GENERATOR = np.random.default_rng(3)
ATTEMPTS: set[int] = set()


def change_global() -> None:
    global COUNTER
    COUNTER += 1


def change_global_table() -> None:
    TABLE["calls"] = TABLE.get("calls", 0) + 1


def change_through_a_callee() -> None:
    change_global_table()


def advance_global() -> None:
    next(BATCHES)


def draw_python() -> None:
    random.random()


def draw_numpy() -> None:
    np.random.rand()


def draw_from_generator() -> None:
    GENERATOR.normal()


def add_to_global_set() -> None:
    ATTEMPTS.add(len(ATTEMPTS))


def count_on_itself() -> None:
    count_on_itself.calls = getattr(count_on_itself, "calls", 0) + 1  # type: ignore[attr-defined]


def count_on_class() -> None:
    Trainer.made += 1


def remember(item: int, known: list[int] = []) -> None:  # noqa: B006 (the mistake is the point)
    known.append(item)


def delete_global() -> None:
    del globals()["DOOMED"]


DOOMED = 1


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (change_global, ("global", "COUNTER")),
        (change_global_table, ("item", "TABLE['calls']")),
        (change_through_a_callee, ("item", "TABLE['calls']")),
        (advance_global, ("iterator", "BATCHES")),
        (draw_python, ("random", "random")),
        (draw_numpy, ("random", "np.random")),
        (draw_from_generator, ("random", "GENERATOR")),
        (add_to_global_set, ("item", "ATTEMPTS")),
        (count_on_itself, ("attribute", "count_on_itself.calls")),
        (count_on_class, ("class attribute", "Trainer.made")),
        (functools.partial(remember, 1), ("item", "a default argument")),
    ],
    ids=lambda value: getattr(value, "__name__", "") if callable(value) else "",
)
def test_what_a_function_reaches_by_name(function: Any, expected: tuple[str, str]) -> None:
    target = function.func if isinstance(function, functools.partial) else function
    before = Snapshot({}, target, PROJECT)
    function()
    assert expected in seen(before.changes())


def test_a_global_that_is_deleted() -> None:
    globals()["DOOMED"] = 1

    def doom() -> None:
        print(DOOMED) if "DOOMED" not in globals() else delete_global()

    assert [c.detail for c in during(doom) if c.subject == "DOOMED"] == ["was deleted"]


def test_a_closures_variable() -> None:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    assert seen(during(step)) == {("closure", "steps")}
    assert steps == 1


def test_a_module_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings_of_a_test.py"
    file.write_text("rate = 0.1\ndef decay():\n    global rate\n    rate /= 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import settings_of_a_test  # type: ignore[import-not-found]

    project = Project([str(tmp_path), str(Path(__file__).parent)], [])

    def step() -> None:
        settings_of_a_test.rate /= 2

    before = Snapshot({}, step, project)
    step()
    assert seen(before.changes()) >= {("global", "settings_of_a_test.rate")}
    before.restore()
    assert settings_of_a_test.rate == 0.1


def call_append(x: Any) -> None:
    x.append(9)


def call_next(x: Any) -> None:
    next(x)


def count_up() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


def each(items: list[int]) -> Iterator[int]:
    yield from items


def started(iterator: Iterator[Any], steps: int = 1) -> Iterator[Any]:
    for _ in range(steps):
        next(iterator)
    return iterator


def masked() -> Any:
    return np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])


CHANGES: list[tuple[str, Callable[[], Any], Callable[[Any], Any], str, str]] = [
    # what, how it is made, what changes it, the kind and the subject that are to be reported
    ("a list that is appended to", lambda: [1], call_append, "item", "x"),
    ("a list with an item replaced", lambda: [1, 2], lambda x: x.__setitem__(1, 3), "item", "x[1]"),
    ("a list within a list", lambda: [[1]], lambda x: x[0].append(2), "item", "x[0]"),
    ("a dictionary with a new key", lambda: {"a": 1}, lambda x: x.update(b=2), "item", "x['b']"),
    ("a dictionary with a key gone", lambda: {"a": 1}, lambda x: x.pop("a"), "item", "x['a']"),
    ("a set", lambda: {1}, lambda x: x.add(2), "item", "x"),
    ("a full deque", lambda: collections.deque([1, 2], maxlen=2), call_append, "item", "x[0]"),
    ("an ordered dictionary", lambda: collections.OrderedDict(a=1), lambda x: x.update(b=2), "item", "x['b']"),
    ("a counter", lambda: collections.Counter("a"), lambda x: x.update("a"), "item", "x['a']"),
    ("a default dictionary", lambda: collections.defaultdict(list), lambda x: x["a"], "item", "x['a']"),
    ("a configuration that raises", lambda: Missing(a=1), lambda x: x.update(a=2), "item", "x['a']"),
    ("a lenient configuration", lambda: Lenient(a=1), lambda x: x.update(a=2), "item", "x['a']"),
    ("a byte array", lambda: bytearray(b"ab"), lambda x: x.extend(b"c"), "item", "x"),
    ("an array of the standard library", lambda: array.array("d", [1.0]), call_append, "item", "x"),
    ("a queue", queue.Queue, lambda x: x.put(1), "item", "x.queue"),
    ("an attribute", Trainer, lambda x: setattr(x, "step", 1), "attribute", "x.step"),
    ("a new attribute", Trainer, lambda x: setattr(x, "new", 1), "attribute", "x.new"),
    ("an attribute that is gone", Trainer, lambda x: delattr(x, "step"), "attribute", "x.step"),
    ("a list on an object", Trainer, lambda x: x.losses.append(1.0), "item", "x.losses"),
    ("something deep inside", Trainer, lambda x: x.inner["deep"]["list"].append(2), "item", "x.inner['deep']['list']"),
    ("a slot", Slotted, lambda x: setattr(x, "count", 1), "attribute", "x.count"),
    ("a private slot", Slotted, Slotted.hide, "attribute", "x._Slotted__hidden"),
    ("a dataclass", Settings, lambda x: setattr(x, "rate", 0.2), "attribute", "x.rate"),
    ("a named tuple's list", lambda: (Settings(), [1]), lambda x: x[1].append(1), "item", "x[1]"),
    ("an array", lambda: np.zeros(3), lambda x: x.__setitem__(0, 1), "array", "x"),
    ("a large array", lambda: np.zeros(1 << 18), lambda x: x.__setitem__(77, 1), "array", "x"),
    ("an array of objects", lambda: np.array([None, {}]), lambda x: x.__setitem__(0, {}), "array", "x"),
    ("a masked array", masked, lambda x: x.__setitem__(0, 5.0), "array", "x"),
    ("what a masked array hides", masked, lambda x: x.data.__setitem__(1, 5.0), "array", "x"),
    ("a mask", masked, lambda x: x.__setitem__(0, np.ma.masked), "array", "x.mask"),
    ("beside a masked constant", lambda: [np.ma.masked, []], lambda x: x[1].append(1), "item", "x[1]"),
    ("an array of dates", lambda: np.zeros(2, "datetime64[s]"), lambda x: x.__setitem__(0, 5), "array", "x"),
    ("a generator of random numbers", lambda: np.random.default_rng(0), lambda x: x.normal(), "random", "x"),
    ("an old generator of random numbers", lambda: np.random.RandomState(0), lambda x: x.rand(), "random", "x"),
    ("a generator of Python's", lambda: random.Random(0), lambda x: x.random(), "random", "x"),
    ("a list's iterator", lambda: iter([1, 2]), call_next, "iterator", "x"),
    ("a long list's iterator", lambda: iter(list(range(9999))), call_next, "iterator", "x"),
    ("a range's iterator", lambda: iter(range(3)), call_next, "iterator", "x"),
    ("a dictionary's iterator", lambda: iter({1: 2, 3: 4}.items()), call_next, "iterator", "x"),
    ("an enumeration", lambda: enumerate([1, 2]), call_next, "iterator", "x"),
    ("zip", lambda: zip([1, 2], [3, 4], strict=False), call_next, "iterator", "x"),
    ("map", lambda: map(str, [1, 2]), call_next, "iterator", "x"),
    ("a count", itertools.count, call_next, "iterator", "x"),
    ("a chain", lambda: itertools.chain([1, 2], [3]), call_next, "iterator", "x"),
    ("a cycle in its first turn", lambda: itertools.cycle([1, 2, 3]), call_next, "iterator", "x"),
    ("a cycle in its second turn", lambda: started(itertools.cycle([1, 2, 3]), 5), call_next, "iterator", "x"),
    ("zip of a cycle", lambda: started(zip(itertools.count(), itertools.cycle("ab")), 5), call_next, "iterator", "x"),
    ("pairs", lambda: itertools.pairwise([1, 2, 3]), call_next, "iterator", "x"),
    ("a generator", lambda: started(count_up()), call_next, "iterator", "x"),
    ("a generator over items", lambda: started(each([1, 2, 3])), call_next, "iterator", "x"),
    ("zip over a generator", lambda: zip(started(count_up()), [1, 2], strict=False), call_next, "iterator", "x"),
    ("a bound partial", lambda: functools.partial(nothing, []), lambda x: x.args[0].append(1), "item", "x.args[0]"),
    ("the object of a bound method", lambda: Slotted().hide, lambda x: x(), "attribute", "x._Slotted__hidden"),
]
each_change = pytest.mark.parametrize(
    ("make", "change", "kind", "subject"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)


@each_change
def test_a_change_of_what_is_passed(make: Any, change: Any, kind: str, subject: str) -> None:
    x = make()
    before = Snapshot({"x": x}, nothing, PROJECT)
    assert not before.changes(), "looking alone changes nothing"
    change(x)
    assert (kind, subject) in seen(before.changes())


@each_change
def test_a_change_is_taken_back(make: Any, change: Any, kind: str, subject: str) -> None:
    x = make()
    before = Snapshot({"x": x}, nothing, PROJECT)
    change(x)
    before.restore()
    if kind == "iterator" or (subject == "x" and kind == "array" and x.nbytes > marks.COPIED_BYTES):
        assert before.changes(), "iterators and large arrays stay as they are: the call is refuted anyway"
    else:
        assert not before.changes()


@each_change
def test_what_is_not_changed_is_not_touched(make: Any, change: Any, kind: str, subject: str) -> None:
    """A restore without a change must not even write: a caller may be iterating over the container."""
    x = make()
    before = Snapshot({"x": x}, nothing, PROJECT)
    if isinstance(x, dict):
        loop = iter(x.items())
        items = [next(loop, None)]
        before.restore()
        items.extend(loop)
        assert len(items) == max(1, len(x))
    else:
        before.restore()
    assert not before.changes()


def test_nan_is_no_change_but_another_type_of_number_is() -> None:
    x = {"nan": float("nan"), "one": 1}
    before = Snapshot({"x": x}, nothing, PROJECT)
    x["nan"] = float("nan")
    assert not before.changes()
    x["one"] = 1.0
    assert seen(before.changes()) == {("item", "x['one']")}


def test_threads_that_are_started() -> None:
    stop = threading.Event()

    def start() -> None:
        threading.Thread(target=stop.wait, daemon=True).start()

    try:
        assert ("thread", "threading") in seen(during(start))
    finally:
        stop.set()


# Looking disturbs nothing


def test_no_property_is_evaluated_and_no_attribute_comes_into_being() -> None:
    for x in (Trainer(), Inventive(), Missing(a=1), Lenient(a=1)):
        before = dict(getattr(x, "__dict__", {}))
        Snapshot({"x": x}, nothing, PROJECT).restore()
        assert dict(getattr(x, "__dict__", {})) == before


def test_no_method_of_the_projects_containers_is_called() -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError("a method of the user's was called")

    class Touchy(list):  # type: ignore[type-arg]
        __iter__ = __len__ = __getitem__ = __eq__ = refuse  # type: ignore[assignment]
        __hash__ = None  # type: ignore[assignment]

    class TouchyTable(dict):  # type: ignore[type-arg]
        __iter__ = __getitem__ = keys = items = __eq__ = refuse  # type: ignore[assignment]
        __hash__ = None  # type: ignore[assignment]

    class TouchyObject:
        __eq__ = __repr__ = __len__ = __bool__ = refuse  # type: ignore[assignment]
        __hash__ = None  # type: ignore[assignment]

    for x in (Touchy([1]), TouchyTable(a=1), TouchyObject()):
        before = Snapshot({"x": x}, nothing, PROJECT)
        assert not before.changes()
        before.restore()


@pytest.mark.parametrize(
    "make",
    [
        lambda: iter([1, 2, 3]),
        lambda: zip([1, 2], [3, 4], strict=True),
        lambda: itertools.cycle([1, 2]),
        lambda: started(itertools.cycle([1, 2, 3]), 4),
        lambda: itertools.tee([1, 2])[0],
        lambda: started(count_up()),
        lambda: started(each([1, 2, 3])),
        lambda: itertools.product([1, 2], [3]),
        lambda: iter({1, 2}),
    ],
)
def test_no_iterator_is_advanced(make: Callable[[], Iterator[Any]]) -> None:
    looked_at, left_alone = make(), make()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as a script may have set
        before = Snapshot({"x": looked_at}, nothing, PROJECT)
        before.changes()
        before.restore()
    assert list(itertools.islice(looked_at, 5)) == list(itertools.islice(left_alone, 5))


def test_random_numbers_go_on_where_they_were() -> None:
    random.seed(1)
    np.random.seed(1)
    expected = random.random(), np.random.rand()
    random.seed(1)
    np.random.seed(1)
    Snapshot({}, nothing, PROJECT).restore()
    assert (random.random(), np.random.rand()) == expected


def test_an_open_generator_expression_survives() -> None:
    rows = (number * 2 for number in range(3))
    next(rows)
    Snapshot({"x": rows}, nothing, PROJECT).restore()
    assert list(rows) == [2, 4]


def test_the_walk_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "OBJECTS", 50)
    assert "more than 50 Python objects" in Snapshot({"x": [[n] for n in range(500)]}, nothing, PROJECT).unseen
    assert not Snapshot({"x": [[n] for n in range(10)]}, nothing, PROJECT).unseen


def test_what_refers_to_itself_ends_too() -> None:
    x: list[Any] = []
    x.append(x)
    y = types.SimpleNamespace(x=x)
    y.y = y
    assert not Snapshot({"y": y}, nothing, PROJECT).changes()


def test_nothing_is_kept_alive_longer_than_the_snapshot() -> None:
    import gc
    import weakref

    x = Trainer()
    Snapshot({"x": x}, nothing, PROJECT).changes()
    reference = weakref.ref(x)
    del x
    gc.collect()
    assert reference() is None


def test_code_that_is_not_the_projects_is_not_walked() -> None:
    """What the standard library keeps for itself (caches, registries) is no effect of a candidate."""
    import re

    def use() -> None:
        re.compile("a+b" * (1 + COUNTER))

    assert not during(use)
