"""One step from a value to what it holds, and a store back, without any code of the user's being run."""

from __future__ import annotations

import collections
import threading
import types
from typing import Any

import pytest

from hybridize.dynamic.child.steps import GONE, OPAQUE, follow, is_code, store


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("a method of the user's was called")


class Table(dict):  # type: ignore[type-arg]
    __getitem__ = __missing__ = get = refuse  # type: ignore[assignment]


class Items(list):  # type: ignore[type-arg]
    __getitem__ = __len__ = refuse  # type: ignore[assignment]


class Trainer:
    scale = 2

    def __init__(self) -> None:
        self.rate = 1

    def step(self) -> int:
        return 1

    size = property(refuse)


class Shadowed:
    rate = property(refuse, refuse)

    def __init__(self) -> None:
        self.__dict__["rate"] = 1


class Slotted:
    __slots__ = ("rate", "unset")

    def __init__(self) -> None:
        self.rate = 1


class Inventive:
    def __getattr__(self, name: str) -> Any:
        refuse()


class Claimed:
    __class__ = property(lambda self: dict)  # type: ignore[assignment]


class Unbound:
    __class__ = property(refuse)  # type: ignore[assignment]


MODULE = types.ModuleType("a_module_of_a_test")
MODULE.rate = 1  # type: ignore[attr-defined]
MODULE.__getattr__ = refuse  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("value", "step", "found"),
    [
        ({"a": 1}, ("[", "a"), 1),
        ({"a": 1}, ("[", "b"), GONE),
        (Table(a=1), ("[", "a"), 1),
        (collections.defaultdict(list), ("[", "a"), GONE),
        ([1, 2], ("[", 1), 2),
        ([1, 2], ("[", -1), 2),
        ([1], ("[", 5), GONE),
        (Items([1]), ("[", 0), 1),
        ((1, 2), ("[", 0), 1),
        (collections.deque([1]), ("[", 0), 1),
        ({1}, ("[", 1), OPAQUE),
        (Claimed(), ("[", "a"), OPAQUE),
        (Unbound, ("[", "a"), OPAQUE),
        (Trainer(), (".", "rate"), 1),
        (Trainer(), (".", "scale"), 2),
        (Trainer(), (".", "step"), Trainer.step),
        (Trainer(), (".", "size"), OPAQUE),
        (Trainer(), (".", "other"), OPAQUE),
        (Shadowed(), (".", "rate"), OPAQUE),
        (Trainer, (".", "scale"), 2),
        (Trainer, (".", "size"), Trainer.size),
        (Slotted(), (".", "rate"), 1),
        (Slotted(), (".", "unset"), GONE),
        (Inventive(), (".", "rate"), OPAQUE),
        (Unbound, (".", "rate"), OPAQUE),
        (MODULE, (".", "rate"), 1),
        (MODULE, (".", "other"), OPAQUE),
        (types.CellType(1), ("cell", "x"), 1),
        (types.CellType(), ("cell", "x"), GONE),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_step_leads_to_what_is_there(value: Any, step: Any, found: Any) -> None:
    value = Unbound() if value is Unbound else value  # not to be kept: whoever goes through all objects asks it
    assert follow(value, step) is found or follow(value, step) == found


@pytest.mark.parametrize(
    ("holder", "step"),
    [
        ({"a": 1}, ("[", "a")),
        ([1, 2], ("[", 1)),
        (Trainer(), (".", "rate")),
        (MODULE, (".", "rate")),
        (types.CellType(1), ("cell", "x")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_can_be_stored_where_a_step_leads(holder: Any, step: Any) -> None:
    before = follow(holder, step)
    assert store(holder, step, 7) and follow(holder, step) == 7
    assert store(holder, step, before) and follow(holder, step) == before


class Refusing(dict):  # type: ignore[type-arg]
    __setitem__ = refuse


@pytest.mark.parametrize(
    ("holder", "step"),
    [
        (Refusing(a=1), ("[", "a")),
        ((1, 2), ("[", 1)),
        (Trainer, (".", "scale")),
        (Trainer(), (".", "scale")),
        (Trainer(), (".", "size")),
        (Unbound, (".", "rate")),
        (3, (".", "real")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_where_the_users_code_would_run_nothing_is_stored(holder: Any, step: Any) -> None:
    holder = Unbound() if holder is Unbound else holder
    before = follow(holder, step)
    assert not store(holder, step, 7)
    assert follow(holder, step) is before


def test_functions_as_a_class_holds_them_are_code() -> None:
    for value in (refuse, staticmethod(refuse), classmethod(refuse)):
        assert is_code(value)
    for value in (Unbound(), property(refuse), Trainer, len, 3):
        assert not is_code(value)


def test_of_what_each_thread_has_its_own_this_threads_is_followed() -> None:
    class Local(threading.local):
        def __init__(self) -> None:
            self.rate = 1

    value = Local()
    thread = threading.Thread(target=lambda: store(value, (".", "rate"), 5))
    thread.start()
    thread.join()
    assert follow(value, (".", "rate")) == 1
    assert store(value, (".", "rate"), 2) and value.rate == 2
