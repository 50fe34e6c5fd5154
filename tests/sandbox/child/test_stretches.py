"""Statements that are hooked as if they were a call: what they bind, give and raise stays as it was."""

from __future__ import annotations

import ast
import builtins
import textwrap
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hybridize.sandbox.child.stretches import STRETCH_NAME, Stretch, hooked, mark

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def log() -> list[tuple[str, object]]:
    return []


@pytest.fixture
def run(log: list[tuple[str, object]]) -> Iterator[Run]:
    """Run a program with stretches hooked; what each gave goes to ``log``. Gives the program's names."""

    def wrap(candidate: str, function: Any) -> Any:
        def unit(*args: Any) -> Any:
            result = function(*args)
            log.append((candidate, result))
            return result

        return unit

    builtins.__dict__[STRETCH_NAME] = hooked(wrap)

    def go(source: str, *stretches: Stretch) -> dict[str, Any]:
        tree = ast.parse(textwrap.dedent(source))
        for stretch in stretches:
            mark(tree, stretch)
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(tree, "train.py", "exec"), names)
        return names

    yield go
    del builtins.__dict__[STRETCH_NAME]


MODULE = """
total = 0
for number in range(3):
    doubled = number * 2
    total += doubled
last = doubled, total
"""


def test_statements_of_a_module_bind_its_names(run, log):
    names = run(MODULE, Stretch("train:<module>@4-5", 4, 5, ("doubled",)))
    assert names["last"] == (4, 6)
    assert log == [("train:<module>@4-5", 0), ("train:<module>@4-5", 2), ("train:<module>@4-5", 4)]


FUNCTION = """
def train(rounds, items=(1, 2)):
    "Train."
    total = 0
    for number in range(rounds):
        first, *rest = items
        shown = [first for first in rest]
        if number == 9:
            never = 1
        total += (scaled := first * number)
    return total, first, rest, scaled, shown

first = "a text"
found = train(3), train.__doc__, first
"""


def test_statements_of_a_function_bind_its_names(run, log):
    names = run(FUNCTION, Stretch("train:train@6-10", 6, 10, ("total", "scaled")))
    assert names["found"] == ((3, 1, [2], 2, [2]), "Train.", "a text")
    assert log == [("train:train@6-10", pair) for pair in ((0, 0), (1, 1), (3, 2))]


METHOD = """
class Trainer:
    def __init__(self):
        self.__rate = 2

    def train(self):
        x = 1
        if x:
            y = self.__rate * x
            x = y
        return x, y

found = Trainer().train()
"""


def test_statements_of_a_method_reach_its_object(run, log):
    names = run(METHOD, Stretch("train:Trainer.train@8-10", 8, 10, ()))
    assert names["found"] == (2, 2)
    assert log == [("train:Trainer.train@8-10", None)]


ANNOTATED = """
def train():
    total: float
    if True:
        total: float = 2.0
        x: int = 3
    return total, x

found = train()
"""


def test_annotated_names_are_bound_as_well(run, log):
    names = run(ANNOTATED, Stretch("train:train@5-6", 5, 6, ("total",)))
    assert names["found"] == (2.0, 3)
    assert log == [("train:train@5-6", 2.0)]


def test_each_round_goes_through_one_hook(run, log):
    made = []

    def wrap(candidate: str, function: Any) -> Any:
        made.append(candidate)
        return function

    builtins.__dict__[STRETCH_NAME] = hooked(wrap)
    run(MODULE, Stretch("train:<module>@4-5", 4, 5, ()))
    assert made == ["train:<module>@4-5"]


def test_an_error_comes_from_its_own_line(run):
    with pytest.raises(ZeroDivisionError) as caught:
        run("x = 1\nif x:\n    y = 2\n    x = 1 / 0\n", Stretch("train:<module>@3-4", 3, 4, ()))
    assert traceback.extract_tb(caught.value.__traceback__)[-1].lineno == 4


def test_lines_that_hold_no_whole_statements_are_no_stretch():
    with pytest.raises(ValueError, match="no statements"):
        mark(ast.parse("x = (1 +\n     2)\ny = 3\n"), Stretch("train:<module>@2-3", 2, 3, ()))


EXPRESSION = """
def act(model, state, seen):
    scale = 2
    seen.append(max(model(state)[0], 1)); scale = 3
    return [scale * part for part in sorted(model(state))]

seen = []
found = [act(lambda x: [x, -x], state, seen) for state in (4, 5)]
"""


def test_an_expression_gives_its_value_where_it_stands(run, log):
    one = Stretch("train:act@4-4", 4, 4, (), "model(state)[0]")
    other = Stretch("train:act@5-5", 5, 5, (), "model(state)")
    names = run(EXPRESSION, one, other)
    assert names["found"] == [[-12, 12], [-15, 15]] and names["seen"] == [4, 5]
    assert log == [(one.candidate, 4), (other.candidate, [4, -4]), (one.candidate, 5), (other.candidate, [5, -5])]


@pytest.mark.parametrize("expression", ["model(states)", "state"])
def test_an_expression_that_its_line_has_not_once_is_an_error(run, expression):
    with pytest.raises(ValueError, match="line 3 has not one"):
        run("def act(state):\n    pass\n    return state + state\n", Stretch("train:act@3-3", 3, 3, (), expression))
