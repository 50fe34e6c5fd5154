"""Whose traces a call uses, and which objects a ``tf.function`` can't be a method of."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, NamedTuple

import pytest

from hybridize.dynamic.child.owners import Owner, Owners, count_references, is_kept, receiver_of, refusal, uses_receiver
from hybridize.sandbox.child.binding import disguise


class Plain:
    def step(self, x: Any) -> Any:
        return x


@dataclasses.dataclass
class Compared:
    rate: float = 0.1


@dataclasses.dataclass(eq=False)
class NotCompared:
    rate: float = 0.1


@dataclasses.dataclass(frozen=True)
class Frozen:
    rate: float = 0.1


class Child(Compared):
    pass


class Equal:
    def __eq__(self, other: object) -> bool:
        raise AssertionError("no method of the user's is called")


class Slotted:
    __slots__ = ("rate",)


class SlottedWell:
    __slots__ = ("__weakref__", "rate")


class Pair(NamedTuple):
    first: int = 1


class Number(int):
    pass


class Items(list):  # type: ignore[type-arg]
    pass


@pytest.mark.parametrize(
    ("receiver", "words"),
    [
        (Compared(), "it is a dataclass with `__eq__` but no `__hash__`; use @dataclass(eq=False)"),
        (Child(), "a `Child` can't be hashed: it is a dataclass"),
        (Equal(), "a `Equal` can't be hashed: it defines `__eq__` but no `__hash__`; add `__hash__ = object.__hash__`"),
        (Items(), "a `Items` can't be hashed, because it is a list"),
        (Slotted(), "its `__slots__` lack `__weakref__`; add it"),
        (Pair(), "a `Pair` is a tuple and can't be weakly referenced"),
        (Number(1), "a `Number` can't be weakly referenced; make the method a function"),
    ],
)  # fmt: skip
def test_objects_that_no_method_can_be_a_graph_of(receiver: Any, words: str) -> None:
    assert words in refusal(receiver)


@pytest.mark.parametrize("receiver", [Plain(), NotCompared(), Frozen(), SlottedWell(), Plain])
def test_objects_that_are_hashed_and_weakly_referenced_are_not_refused(receiver: Any) -> None:
    assert refusal(receiver) == ""


def test_what_a_call_makes_inside_of_the_first_one_belongs_to_the_first_one() -> None:
    owner = Owner(1)
    assert owner.begin() and owner.begin()
    owner.end()
    owner.end()
    assert not owner.begin()


@pytest.mark.slow  # TensorFlow is imported
def test_each_function_object_and_each_instance_has_traces_of_its_own(tf: Any) -> None:
    def step(x: Any) -> Any:
        return x

    owners, first, second = Owners(), Plain(), Plain()
    one, other = owners.of(1, Plain.step, (first, 3), 1), owners.of(1, Plain.step, (second, 3), 2)
    assert one is not other and one is owners.of(1, Plain.step, (first, 4), 3)
    assert owners.of(1, step, (3,), 4) is owners.of(1, step, (5,), 5) is not owners.of(2, step, (3,), 6)
    assert receiver_of(Plain.step, (first, 3)) is first and receiver_of(step, (first,)) is None
    late = owners.of(1, Plain.step, (unhashable := Compared(), 3), 7)
    assert late is owners.of(1, Plain.step, (unhashable, 3), 8)
    assert owners.as_dict(8)["owners"] == 5 and owners.as_dict(8)["late_owners"] == 2


@pytest.mark.slow  # TensorFlow is imported
def test_tensors_made_of_several_are_parameters_and_no_owners(tf: Any) -> None:
    ragged = tf.ragged.constant([[1.0], [2.0, 3.0]])
    assert receiver_of(Plain.step, (ragged,)) is None


# Instances that nothing holds: the weak reference of a tf.function would be dead by the time of the call


KEPT: list[bool] = []


class Learner:
    def learn(self, x: int = 0) -> None:
        pass

    def twice(self) -> None:
        self.learn()

    def round(self) -> Learner:
        self.itself = self
        return self


def _hook(*args: Any, **_: Any) -> None:
    KEPT.append(is_kept(args, count_references(args)))


Learner.learn = disguise(_hook, Learner.learn)  # type: ignore[method-assign]


def is_kept_in(source: str) -> bool:
    KEPT.clear()
    exec(source, {"Learner": Learner, "functools": functools})
    (kept,) = KEPT
    return kept


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "Learner().learn()",
        "Learner().learn(x=1)",
        "step = Learner().learn\nstep(1)",
        "list(map(Learner().learn, [1]))",
        "functools.partial(Learner().learn, 1)()",
        "def make():\n    learner = Learner()\n    return learner.learn\nmake()()",
        "steps = [Learner().learn]\nfor step in steps:\n    step(1)",
    ],
)
def test_an_instance_that_only_the_call_or_a_bound_method_holds_is_not_kept(source: str) -> None:
    assert not is_kept_in(source)


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "learner = Learner()\nlearner.learn()",
        "learner = Learner()\nstep = learner.learn\nstep()",
        "Learner().twice()",
        "for learner in [Learner()]:\n    learner.learn()",
        "def main():\n    learner = Learner()\n    learner.learn()\nmain()",
        "def make():\n    learner = Learner()\n    return lambda: learner.learn()\nmake()()",
        "Learner().round().learn()",
        "Learner.learn(*[Learner()])",
        "everything = {'a': [Learner()]}\neverything['a'][0].learn(1)",
    ],
)
def test_an_instance_that_something_else_holds_is_kept(source: str) -> None:
    assert is_kept_in(source)


class Uses:
    def attribute(self, x: int) -> Any:
        return x, self.other  # type: ignore[attr-defined]

    def closure(self) -> Any:
        return lambda: self

    def both(self, x: int) -> Any:
        return self == x

    def nothing(self, x: int) -> Any:
        return x


@pytest.mark.parametrize(("name", "does"), [("attribute", True), ("closure", True), ("both", True), ("nothing", False)])
def test_a_method_that_does_nothing_with_its_object_does_not_need_it(name: str, does: bool) -> None:
    assert uses_receiver(vars(Uses)[name]) is does
