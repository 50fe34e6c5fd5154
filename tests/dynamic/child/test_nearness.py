"""Which values are near: those that code that may run can reach by name, whichever is found first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hybridize.dynamic.child.nearness import MAKING, Near, names_in


def entry(label: str) -> tuple[str, Any, bool]:
    return label, object(), True


def labels(near: Near) -> list[str]:
    return [label for label, _, _ in near.entries]


def test_a_value_without_an_attribute_is_near_at_once() -> None:
    near = Near()
    near.add(entry("model"), None)
    assert labels(near) == ["model"]


@pytest.mark.parametrize("named_first", [True, False])
def test_the_value_of_an_attribute_is_near_once_code_names_it_whichever_comes_first(named_first: bool) -> None:
    near = Near()
    if named_first:
        near.name(frozenset({"scale"}))
    near.add(entry("model.scale"), "scale")
    near.add(entry("model.other"), "other")
    if not named_first:
        assert labels(near) == []
        near.name(frozenset({"scale"}))
    assert labels(near) == ["model.scale"] and near.is_named("scale") and not near.is_named("other")


def test_what_no_code_names_is_taken_once() -> None:
    near = Near()
    for label in ("a", "b"):
        near.add(entry(f"model.{label}"), label)
    near.name(frozenset({"a"}))
    assert [label for label, _, _ in near.take_unnamed()] == ["model.b"] and near.take_unnamed() == []
    assert labels(near) == ["model.a"]


@pytest.mark.parametrize("name", ["getattr", "vars", "__dict__", "eval", "attrgetter"])
def test_code_that_reaches_attributes_without_a_name_reaches_them_all(name: str) -> None:
    near = Near()
    near.add(entry("model.before"), "before")
    near.name(frozenset({name}))
    near.add(entry("model.after"), "after")
    assert labels(near) == ["model.before", "model.after"] and near.is_named("anything")
    assert near.named_in({"anything": 1}) == frozenset(), "it is no name of it"


def test_where_no_code_is_known_everything_is_near() -> None:
    near = Near(any_name=True)
    near.add(entry("model.scale"), "scale")
    assert labels(near) == ["model.scale"]


def test_code_that_asks_for_a_class_may_make_an_object_of_it() -> None:
    near = Near()
    near.add(entry("Model.__init__"), "__init__")
    near.name(frozenset({"type"}))
    assert labels(near) == ["Model.__init__"] and all(map(near.is_named, MAKING))


def test_the_names_in_a_namespace_are_those_that_code_names() -> None:
    near = Near()
    near.name(frozenset({"rate", "scale"}))
    assert near.named_in({"rate": 1, "other": 2}) == {"rate"}


def outer() -> Callable[[], Any]:
    global counter

    def inner() -> Any:
        global deeper
        deeper = model.scale
        return [limit for _ in range(3)]

    counter = 1
    return inner


def test_the_names_of_code_are_those_of_the_functions_in_it_too_and_what_it_sets_is_told_apart() -> None:
    used, stored = names_in(outer.__code__)
    assert used >= {"counter", "deeper", "model", "scale", "limit", "range"} and "inner" not in used
    assert stored == {"counter", "deeper"}


counter = deeper = 0
limit: Any = None
model: Any = None
