"""What is remembered of a value tells whether a later one is another, also where that lies at the same address."""

from __future__ import annotations

import collections
import types
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hybridize.dynamic.child.grips import Grip, plain


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("a method of the user's was called")


class Part:
    def method(self) -> int:
        return 1


class Slotted:
    __slots__ = ("rate",)

    def __init__(self) -> None:
        self.rate = 1


class Touchy(str):
    __eq__ = __ne__ = __repr__ = __len__ = refuse  # type: ignore[assignment]
    __hash__ = str.__hash__


class Claimed:
    """It says that it is a dictionary, as proxies and mocks do."""

    __class__ = property(lambda self: dict)  # type: ignore[assignment]


class Unbound:
    __class__ = property(refuse)  # type: ignore[assignment]


def row() -> Any:
    return np.zeros(2, [("count", "i4"), ("name", "O")])[0]


def set_row(x: Any) -> None:
    x["count"] = 5


def set_name(x: Any) -> None:
    x["name"] = "other"


@pytest.mark.parametrize(
    ("make", "change"),
    [
        (lambda: [1], lambda x: x.append(2)),
        (lambda: [1], lambda x: x.__setitem__(0, True)),
        (lambda: {"a": 1}, lambda x: x.update(a=2)),
        (lambda: {"a": 1, "b": 2}, lambda x: x.update(a=x.pop("a"))),
        (lambda: {1, 2}, lambda x: x.add(3)),
        (lambda: {(1, Part())}, lambda x: x.add((1, Part()))),
        (lambda: collections.deque([1]), lambda x: x.append(2)),
        (lambda: bytearray(b"a"), lambda x: x.append(2)),
        (lambda: [[1], {"a": [2]}], lambda x: x[1]["a"].append(2)),
        (lambda: np.zeros(3), lambda x: x.__setitem__(0, 1)),
        (lambda: [np.zeros(3000)], lambda x: x[0].__setitem__(2999, 1)),
        (lambda: [Touchy("a")], lambda x: x.__setitem__(0, Touchy("b"))),
        (row, set_row),
        (row, set_name),
        (lambda: [row()], lambda x: set_row(x[0])),
        (lambda: [np.float32(1)], lambda x: x.__setitem__(0, np.float64(1))),
        (lambda: [Claimed(), Unbound()], lambda x: x.reverse()),
        (lambda: [Part().method], lambda x: x.__setitem__(0, Part().method)),
    ],
)
def test_a_change_is_told(make: Callable[[], Any], change: Callable[[Any], Any]) -> None:
    value = make()
    grip = Grip(value, True)
    assert grip.holds(value), "looking alone changes nothing"
    change(value)
    assert not grip.holds(value)


@pytest.mark.parametrize("make", [Part, lambda: Part().method, lambda: lambda: 1, Slotted, lambda: (Part(), 1)])
@pytest.mark.parametrize(
    "around", [lambda x: [x], lambda x: {"a": x}, lambda x: {x}, lambda x: [[x]]], ids=["list", "dict", "set", "lists"]
)
def test_an_object_that_takes_the_address_of_one_that_is_gone_is_another(make: Any, around: Any) -> None:
    for _ in range(20):
        holder = [around(make())]
        grip = Grip(holder, True)
        holder.clear()
        holder.append(around(make()))
        assert not grip.holds(holder)


def test_what_can_be_referred_to_weakly_is_not_kept_alive() -> None:
    part = Part()
    gone = weakref.ref(part)
    grip = Grip([part, [part.method], {part}], True)
    del part
    assert gone() is None and not grip.holds([])


@pytest.mark.parametrize("make", [Claimed, Unbound, Touchy])
def test_a_value_is_not_asked_what_it_is(make: Any) -> None:
    value = make()
    assert Grip(value, True).holds(value)
    assert plain(value) is value


def test_a_proxy_of_a_container_is_looked_through() -> None:
    class ObjectProxy:  # as wrapt has it, and TensorFlow puts around containers on its modules
        def __init__(self, held: Any) -> None:
            self.__wrapped__ = held

    held = {"a": 1}
    proxy = ObjectProxy(held)
    assert plain(proxy) is held and plain(ObjectProxy(3)) is not held
    grip = Grip(proxy, True)
    held["a"] = 2
    assert not grip.holds(proxy)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        ("warm", "'warm'"),
        (Touchy("warm"), "'warm'"),
        (np.float32(0.25), "0.25"),
        (np.int64(3), "3"),
        (Part(), None),
        ([Part()], None),
        ([types.SimpleNamespace().__init__], None),  # type: ignore[misc]
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_plain_value_has_a_text_that_another_process_gives_it_too(value: Any, text: str | None) -> None:
    assert Grip(value, True).text() == text


def test_equal_containers_have_the_same_text_and_others_another() -> None:
    one, other = {"a": [1, 2], "b": {3, 4}}, {"a": [1, 2], "b": {4, 3}}
    assert Grip(one, True).text() == Grip(other, True).text()
    other["b"] = {5}
    assert Grip(one, True).text() != Grip(other, True).text()


def test_of_what_is_not_looked_into_the_identity_counts() -> None:
    value = [1]
    grip = Grip(value, False)
    value.append(2)
    assert grip.holds(value) and not grip.holds([1, 2])


@pytest.mark.slow
def test_too_many_parts_are_said() -> None:
    assert Grip([[n] for n in range(30_000)], True).cut
    assert not Grip(list(range(300_000)), True).cut, "plain numbers cost next to nothing"
