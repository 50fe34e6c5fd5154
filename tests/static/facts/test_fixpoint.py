"""The least solution of equations that depend on each other, whatever is asked first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridize.static.facts.fixpoint import Ask, Fixpoint

#: For each key: the elements that it has of its own, the keys whose elements it takes over, and the pairs
#: (key, other): where ``key`` holds its own number, it takes over from ``other`` too.
Equation = tuple[frozenset[int], list[int], list[tuple[int, int]]]


@st.composite
def systems(draw: st.DrawFn) -> list[Equation]:
    size = draw(st.integers(1, 12))
    keys = st.integers(0, size - 1)
    equation = st.tuples(
        st.frozensets(keys, max_size=2),
        st.lists(keys, max_size=3),
        st.lists(st.tuples(keys, keys), max_size=2),
    )
    return draw(st.lists(equation, min_size=size, max_size=size))


def evaluate(system: list[Equation], key: int, ask: Ask[int, int]) -> frozenset[int]:
    own, copied, guarded = system[key]
    found = own.union(*[ask(other) for other in copied])
    for condition, other in guarded:
        if condition in ask(condition):
            found |= ask(other)
    return found


def least_solution(system: list[Equation]) -> list[frozenset[int]]:
    """By going round all equations until nothing changes."""
    current: list[frozenset[int]] = [frozenset() for _ in system]
    while True:
        following = [evaluate(system, key, current.__getitem__) for key in range(len(system))]
        if following == current:
            return current
        current = following


@pytest.mark.slow
@given(systems(), st.randoms(use_true_random=False))
def test_any_order_of_questions_gives_the_least_solution(system, random):
    order = [*range(len(system))] * 2
    random.shuffle(order)
    fixpoint = Fixpoint(lambda key, ask: evaluate(system, key, ask))
    expected = least_solution(system)
    assert [fixpoint.solve(key) for key in order] == [expected[key] for key in order]


@pytest.mark.slow
def test_a_long_chain_is_followed_to_its_end():
    fixpoint: Fixpoint[int, str] = Fixpoint(
        lambda key, ask: frozenset({"end"}) if key == 20_000 else ask(key + 1)
    )
    assert fixpoint.solve(0) == {"end"}


def test_an_answer_is_computed_once():
    asked: list[str] = []

    def equation(key: str, ask: Ask[str, str]) -> frozenset[str]:
        asked.append(key)
        return frozenset({key}) if key == "b" else ask("b")

    fixpoint = Fixpoint(equation)
    fixpoint.solve("a")
    asked.clear()
    assert fixpoint.solve("a") == fixpoint.solve("b") == {"b"}
    assert asked == []


def test_an_answer_that_asks_for_solved_ones_only_is_computed_once():
    asked: list[int] = []

    def equation(key: int, ask: Ask[int, int]) -> frozenset[int]:
        asked.append(key)
        return ask(key - 1) | {key} if key else frozenset({0})

    fixpoint = Fixpoint(equation)
    for key in range(50):
        assert len(fixpoint.solve(key)) == key + 1
    assert asked == [*range(50)]
