"""What containers and objects hold is read, and put back, without a method of the user's."""

from __future__ import annotations

import array
import collections
import enum
import functools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from hybridize.dynamic.child import contents


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("a method of the user's was called")


class Items(list):  # type: ignore[type-arg]
    __iter__ = __len__ = __getitem__ = __setitem__ = __eq__ = clear = extend = refuse  # type: ignore[assignment]


class Line(collections.deque):  # type: ignore[type-arg]
    __iter__ = __len__ = __getitem__ = __eq__ = clear = extend = refuse  # type: ignore[assignment]


class Table(dict):  # type: ignore[type-arg]
    __iter__ = __len__ = __getitem__ = __setitem__ = __eq__ = clear = items = keys = refuse  # type: ignore[assignment]


class Ordered(collections.OrderedDict):  # type: ignore[type-arg]
    __len__ = __getitem__ = __eq__ = clear = items = keys = refuse  # type: ignore[assignment]


class Group(set):  # type: ignore[type-arg]
    __iter__ = __len__ = __eq__ = clear = update = refuse  # type: ignore[assignment]


def now(kind: str, container: Any) -> dict[str, Any]:
    return contents.class_attributes(container) if kind == "class attribute" else contents.attributes(container) or {}


@pytest.mark.parametrize(
    ("make", "read", "change"),
    [
        (lambda: Items([1, 2]), contents.items, lambda x: list.append(x, 3)),
        (lambda: Line([1, 2]), contents.items, lambda x: collections.deque.append(x, 3)),
        (lambda: Table(a=1, b=2), contents.entries, lambda x: dict.pop(x, "a")),
        (lambda: Ordered(a=1, b=2), contents.entries, lambda x: collections.OrderedDict.move_to_end(x, "a")),
        (lambda: Group([1]), lambda x: sorted(set.__iter__(x)), lambda x: set.add(x, 2)),
        (lambda: bytearray(b"ab"), bytes, lambda x: x.extend(b"c")),
        (lambda: array.array("i", [1]), bytes, lambda x: x.append(2)),
    ],
)
def test_a_container_is_put_back(make: Callable[[], Any], read: Any, change: Any) -> None:
    container = make()
    before = read(container)
    change(container)
    assert read(container) != before
    contents.restore("item", container, before, now)
    assert read(container) == before


def test_a_container_whose_keys_can_not_be_hashed_any_more_is_not_emptied() -> None:
    class Touchy:
        def __hash__(self) -> int:
            return refuse() if busy else 1  # type: ignore[no-any-return]

    busy: list[int] = []
    table, group = {Touchy(): 1}, {Touchy()}
    before, group_before = contents.entries(table), list(group)
    busy.append(1)
    for container, copy in ((table, before), (group, group_before)):
        with pytest.raises(AssertionError):
            contents.restore("item", container, copy, now)
        assert len(container) == 1  # type: ignore[arg-type]


class Slotted:
    __slots__ = ("__dict__", "count")


class Lower(Slotted):
    __slots__ = ("other",)


def test_attributes_are_those_of_the_dictionary_and_of_all_slots() -> None:
    x = Lower()
    x.count, x.more = 1, 2  # type: ignore[attr-defined]
    before = contents.attributes(x)
    assert before == {"count": 1, "more": 2}
    x.count, x.other, x.late = 3, 4, 5  # type: ignore[attr-defined]
    del x.more  # type: ignore[attr-defined]
    contents.restore("attribute", x, before, now)
    found = contents.attributes(x) or {}
    assert (found["count"], found["more"]) == (1, 2) and "late" not in found
    assert contents.attributes(3) is None


class Proxy:
    """It hands on whatever it is asked for, as lazy objects do."""

    def __init__(self, target: Any) -> None:
        self.__dict__["target"] = target
        self.__dict__["count"] = 0

    def __getattribute__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "__dict__")["target"], name) if name != "__dict__" else refuse()


def own(x: Any) -> Any:
    return object.__getattribute__(x, "__dict__")


class Quiet(Proxy):
    def __init__(self, target: Any) -> None:
        own(self).update(target=target, count=0)


def test_an_object_that_hands_everything_on_has_its_own_attributes_put_back() -> None:
    target = Slotted()
    x = Quiet(target)
    before = contents.attributes(x)
    assert before == {"target": target, "count": 0}
    own(x).update(count=1, more=2)
    contents.restore("attribute", x, before, now)
    assert own(x) == {"target": target, "count": 0}
    assert contents.attributes(target) == {}


def test_a_threads_own_attributes_are_this_threads() -> None:
    x = threading.local()
    x.a = 1
    before = contents.attributes(x)
    x.a = 2
    contents.restore("attribute", x, before, now)
    assert x.a == 1


class Trainer:
    rate = 0.1

    def step(self) -> int:
        return 1

    @staticmethod
    def help() -> int:
        return 1

    @property
    def size(self) -> int:
        return 1


OTHERS: dict[str, Any] = {
    "rate": 0.2,
    "step": lambda self: 2,
    "__call__": lambda self: 2,
    "help": staticmethod(lambda: 2),
    "size": property(lambda self: 2),
    "new": 1,
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_set_on_a_class_is_seen_its_methods_as_well(name: str) -> None:
    made = type("Made", (), dict(vars(Trainer)))
    before = contents.class_attributes(made)
    assert contents.class_attributes(made) == before
    setattr(made, name, OTHERS[name])
    assert contents.class_attributes(made) != before
    contents.restore("class attribute", made, before, now)
    assert contents.class_attributes(made) == before and vars(made).get(name) is vars(Trainer).get(name)


def test_slots_and_an_enumerations_tables_are_nothing_that_was_set() -> None:
    class Colour(enum.Flag):
        RED = 1

    assert not {"count", "__dict__"} & contents.class_attributes(Slotted).keys()
    assert not {name for name in contents.class_attributes(Colour) if name.startswith("_") and name.endswith("_map_")}


@pytest.mark.parametrize("largest", [128, 2, None])
@pytest.mark.parametrize("held", [{}, {"a": []}, [1], None], ids=str)
def test_what_a_cache_keeps_is_told_and_not_the_cache_itself(largest: int | None, held: Any) -> None:
    @functools.lru_cache(largest)
    def compute(key: Any) -> Any:
        return held

    compute("key")
    found = contents.cached(compute)
    assert any(item is held for item in found)
    own_table = [item for item in found if isinstance(item, dict) and item is not held]
    assert not own_table, "how full it is, is no state of the script"
