"""A mark of a value's content: another content gives another mark, and taking it runs no code of the user's."""

from __future__ import annotations

import itertools
import random
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from hybridize.dynamic.child import marks


def refuse(*_: Any) -> Any:
    raise AssertionError("a method of the user's was called")


# Random states


@pytest.mark.parametrize(
    "make",
    [
        lambda: random.Random(3),
        lambda: np.random.RandomState(3),
        lambda: np.random.RandomState(np.random.PCG64(3)),
        lambda: np.random.default_rng(3),
        lambda: np.random.Generator(np.random.MT19937(3)),
        lambda: np.random.Generator(np.random.Philox(3)),
        lambda: np.random.Generator(np.random.SFC64(3)),
    ],
)
def test_the_state_of_each_kind_of_generator_is_told_and_put_back(make: Callable[[], Any], recwarn: Any) -> None:
    generator = make()
    before = marks.random_mark(generator)
    assert marks.random_mark(generator) == before, "looking draws nothing"
    drawn = generator.random() if hasattr(generator, "random") else generator.rand()
    assert marks.random_mark(generator) != before
    marks.restore_random(generator, before)
    assert marks.random_mark(generator) == before
    assert (generator.random() if hasattr(generator, "random") else generator.rand()) == drawn
    assert not recwarn.list


def test_a_number_that_waits_in_a_generator_is_a_part_of_its_state() -> None:
    """Two normal numbers are made at once; the second draw moves nothing else."""
    for generator in (np.random.RandomState(3), random.Random(3)):
        draw = getattr(generator, "randn", None) or (lambda each=generator: each.gauss(0, 1))
        draw()
        before = marks.random_mark(generator)
        draw()
        assert marks.random_mark(generator) != before


@pytest.fixture
def other_global_generator() -> Iterator[None]:
    original = np.random.get_bit_generator()
    np.random.set_bit_generator(np.random.PCG64(3))
    yield
    np.random.set_bit_generator(original)


@pytest.mark.usefixtures("other_global_generator")
def test_numpys_own_state_is_told_also_where_it_is_made_of_another_generator(recwarn: Any) -> None:
    before = marks.numpy_mark()
    hash(before)  # states are kept as digests
    drawn = np.random.rand()
    assert marks.numpy_mark() != before
    marks.restore_numpy(before)
    assert marks.numpy_mark() == before and np.random.rand() == drawn
    assert not recwarn.list


# Arrays


def rewired() -> tuple[Any, Any]:
    """A large matrix of links, and the same with two of them exchanged: each row and column has as many as before."""
    links = np.zeros((256, 1024))
    links[3, 5] = links[77, 6] = 1
    other = links.copy()
    other[[3, 3, 77, 77], [5, 6, 5, 6]] = 0, 1, 1, 0
    return links, other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros(3), np.array([0.0, 0.0, -0.0])),
        (np.zeros(1 << 18), np.eye(1, 1 << 18, 77)[0]),
        (np.arange(1 << 18), np.roll(np.arange(1 << 18), 1)),
        (np.arange(1 << 18), np.arange(1 << 18)[::-1]),
        (np.arange(1 << 18).reshape(2, -1), np.arange(1 << 18).reshape(2, -1)[::-1]),
        rewired(),
    ],
)
def test_another_content_has_another_mark(one: Any, other: Any) -> None:
    assert marks.array_mark(one) == marks.array_mark(one.copy())
    assert marks.array_mark(one) != marks.array_mark(other)


def test_objects_in_an_array_are_compared_by_identity() -> None:
    class Touchy:
        __eq__ = refuse  # type: ignore[assignment]

    array = np.array([Touchy(), Touchy()])
    before = marks.array_mark(array)
    assert marks.array_mark(array) == before
    array[0] = array[1]
    assert marks.array_mark(array) != before
    marks.restore_array(array, before)
    assert marks.array_mark(array) == before


# Iterators


class Rows:
    """A sequence of the user's, which is asked nothing."""

    def __getitem__(self, number: int) -> int:
        return number

    __len__ = __eq__ = __hash__ = __repr__ = __bool__ = refuse  # type: ignore[assignment]


@pytest.mark.parametrize(
    "make",
    [
        lambda: iter(Rows()),
        lambda: map(str, Rows()),
        lambda: itertools.islice(Rows(), 5),
        lambda: zip(Rows(), Rows(), strict=False),
        lambda: enumerate(Rows()),
        lambda: itertools.tee(Rows())[0],
        lambda: itertools.pairwise(Rows()),
        lambda: itertools.repeat(Rows(), 3),
        lambda: iter([Rows(), Rows()]),
    ],
)
def test_where_an_iterator_stands_is_told_without_the_users_code(make: Callable[[], Any]) -> None:
    iterator = make()
    before = marks.iterator_mark(iterator)
    assert marks.iterator_mark(iterator) == before
    next(iterator)
    assert marks.iterator_mark(iterator) != before


class Touchy(str):
    """A text of the user's."""

    __eq__ = __ne__ = __repr__ = __len__ = refuse  # type: ignore[assignment]
    __hash__ = str.__hash__


def test_a_generator_tells_its_local_variables() -> None:
    def count(name: Any) -> Iterator[int]:
        number = 0
        while True:
            number += 1
            yield number

    iterator = count(Touchy("a"))
    next(iterator)
    before = marks.iterator_mark(iterator)
    assert marks.iterator_mark(iterator) == before
    next(iterator)
    assert marks.iterator_mark(iterator) != before
    iterator.close()
    assert marks.iterator_mark(iterator) == ("finished",)


def test_an_iterator_that_does_not_tell_is_unseen() -> None:
    made = types.SimpleNamespace()
    assert marks.iterator_mark(made) == marks.iterator_mark(made), "what is no iterator goes by identity"
    rows = np.nditer(np.zeros(3))
    assert not marks.is_iterator(type(rows)), "NumPy's are looked at elsewhere"


# Plain values


class Rate(float):
    __eq__ = __ne__ = __repr__ = __bool__ = refuse  # type: ignore[assignment]
    __hash__ = float.__hash__


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1, True),
        (1, True, False),
        (1, 1.0, False),
        (float("nan"), float("nan"), True),
        (0.0, -0.0, False),
        (np.float32(1), np.float32(1), True),
        (np.float32(1), np.float64(1), False),
        (Rate(1), Rate(1), True),
        (Rate(1), Rate(2), False),
        (Touchy("a"), Touchy("b"), False),
        (Touchy("a"), Touchy("a"), True),
        ("a", Touchy("a"), False),
        (range(3), range(3), True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_plain_values_are_compared_by_type_and_value_without_the_users_code(one: Any, other: Any, same: bool) -> None:
    assert marks.is_same_atom(one, other) is same


def test_a_plain_value_of_the_users_class_is_written_as_its_base_is() -> None:
    assert marks.text(Touchy("a")) == "'a'" and marks.text(Rate(2.5)) == "2.5" and marks.text(None) == "None"


def test_what_only_says_that_it_is_plain_is_not() -> None:
    class Pretender:
        __class__ = property(refuse)  # type: ignore[assignment]

    assert not marks.is_atom(Pretender()) and marks.is_atom(np.int64(3)) and marks.is_atom(Rate(1))


class Lazy(types.ModuleType):
    """A module that loads itself when it is first asked for what it lacks."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError("a library that is not installed")


def test_the_file_of_a_module_is_read_without_asking_it() -> None:
    found = types.ModuleType("found")
    found.__file__ = "/project/found.py"
    assert marks.file_of(found) == "/project/found.py"
    assert [marks.file_of(each) for each in (Lazy("lazy"), types.ModuleType("made"), object())] == ["", "", ""]
