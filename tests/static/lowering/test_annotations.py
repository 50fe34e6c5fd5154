"""Type hints: what a parameter is taken to hold where its annotation says so, and no call of it is seen."""

from __future__ import annotations

import pytest
from running import analysed, kinds

HEAD = """
import tensorflow as tf
import numpy as np
import typing
from typing import Annotated, Any, List, Optional, Sequence

class Net: pass

"""


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("int", {"int"}),
        ("'float'", {"float"}),
        ("None", {"None"}),
        ("int | None", {"int", "None"}),
        ("'tf.Tensor | int'", {"tensor", "int"}),
        ("Optional[str]", {"str"}),
        ("typing.Union[bool, 'tf.Variable']", {"bool", "variable"}),
        ("Annotated[tf.Tensor, int]", {"tensor"}),
        ("np.ndarray", {"array"}),
        ("List[int]", {"list[0]"}),
        ("tuple[int, str]", {"tuple[2]"}),
        ("tuple[int, ...]", {"tuple[0]"}),
        ("dict[str, int]", {"dict[0]"}),
        ("tf.data.Dataset", {"dataset[0]"}),
        ("TensorType", {"tensor"}),
        ("TensorSpec", set()),
        ("Net", {"Net object"}),
        ("'Net'", {"Net object"}),
        ("Later", {"Later object"}),
        ("Any", set()),
        ("'no hint at all'", set()),
        ("'('", set()),
        ("1", set()),
        ("list[list[list[list[list[list[list[int]]]]]]]", {"list[0]"}),
    ],
)
def test_what_a_hint_says(hint: str, said: set[str]) -> None:
    assert kinds(f"{HEAD}def f(x: {hint}):\n    probe(1, x)\nclass Later: pass\n")[1] - {"unknown"} == said


@pytest.mark.parametrize(
    ("hint", "item", "said"),
    [
        ("list[int]", "x[0]", {"int"}),
        ("tuple[int, str]", "x[1]", {"str"}),
        ("dict[str, float]", "x['k']", {"float"}),
        ("Sequence[tf.Tensor]", "[y for y in x][0]", {"tensor"}),
        ("list[Net]", "x[0]", {"Net object"}),
    ],
)
def test_what_a_hint_says_of_the_elements(hint: str, item: str, said: set[str]) -> None:
    assert kinds(f"{HEAD}def f(x: {hint}):\n    probe(1, {item})\n")[1] == said


def test_a_hint_of_all_further_arguments_is_not_what_their_container_is():
    found = kinds(f"{HEAD}def f(*x: int, **y: str):\n    probe(1, x)\n    probe(2, y)\n")
    assert found == {1: {"tuple[0]"}, 2: {"dict[0]"}}


def test_a_hint_of_a_class_stands_for_its_attribute():
    assert kinds(f"{HEAD}class A:\n    x: int\ndef f(a: A):\n    probe(1, a.x)\n") == {1: {"int"}}


def test_a_hint_is_not_run():
    program = analysed("def f(x: print(1), y: 'print(2)' = 1) -> print(3): pass\n")
    assert not [call for code in program.functions for call in code.calls]
