"""Whose memory an object is part of, and on which parameters a value depends."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from findings import codes_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_programs import programs, solved

from hybridize.static.facts.escape import Origins
from hybridize.static.ir.code import FunctionCode
from hybridize.static.ir.program import Program
from hybridize.static.ir.solver import Node


def questions(program: Program) -> list[tuple[FunctionCode, Node]]:
    """Every function with each node that its events and those of the functions around it touch."""
    found: dict[tuple[FunctionCode, Node], None] = {}
    for code in program.functions:
        scope: FunctionCode | None = code
        while scope is not None:
            for event in scope.events:
                for slot in ("base", "result", "value", "cell", "iterable", "source", "function"):
                    node = getattr(event, slot, None)
                    if isinstance(node, Node):
                        found[code, node] = None
            for parameter in scope.parameters:
                found[code, parameter.node] = None
            scope = scope.parent
    return list(found)


@pytest.mark.slow
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(0, 2**32))
def test_the_answers_do_not_depend_on_the_order_of_the_questions(text: str, seed: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        asked = questions(solved(Path(directory), text))
    together = Origins()
    order = list(range(len(asked)))
    random.Random(seed).shuffle(order)
    answers = {}
    for number in order:
        code, node = asked[number]
        answers[number] = together.roots(code, node), together.sources(code, node)
    for number in order[:20]:
        code, node = asked[number]
        assert answers[number] == (Origins().roots(code, node), Origins().sources(code, node))


WALKS = {
    "step on, then change": "node = node.next\n        node.items.append(1)",
    "change, then step on": "node.items.append(1)\n        node = node.next",
    "two steps": "node = node.next\n        node = node.next\n        node.items.append(1)",
    "by another name": "following = node.next\n        node = following\n        following.items.append(1)",
}


@pytest.mark.slow
@pytest.mark.parametrize("rounds", ["for _ in range(3)", "while node is not None"])
@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
def test_what_a_loop_reaches_from_a_parameter_is_part_of_it(script, rounds, walk):
    """The loop's variable is the parameter or what hangs on it: each round's answer depends on the last one's."""
    project = script(
        "class Node:\n    def __init__(self, following):\n        self.next = following\n        self.items = []\n\n"
        "    def link(self, other):\n        self.next = other\n\n"
        f"def step(node, x):\n    {rounds}:\n        {walk}\n    return tf.reduce_sum(x)\n\n"
        "step(Node(Node(None)), tf.ones([2]))\n"
    )
    assert "HYB105" in codes_of(project.function("step"))


def test_what_a_long_chain_reaches_is_part_of_its_first_link(script):
    chain = "\n".join(f"    n{i + 1} = n{i}.next" for i in range(80))
    project = script(
        "class Node:\n    def __init__(self):\n        self.next = self\n        self.items = []\n\n"
        + f"def step(n0, x):\n{chain}\n    n80.items.append(1)\n    return tf.reduce_sum(x)\n\n"
        + "step(Node(), tf.ones([2]))\n"
    )
    assert "HYB105" in codes_of(project.function("step"))


def test_an_object_that_one_of_two_parameters_brings_is_part_of_both(script):
    """Which of the two a caller made itself does not matter: it may be the other one."""
    project = script("""
        history = []

        def note(first, second, x):
            target = first if len(first) > 3 else second
            target.append(1)
            return tf.reduce_sum(x)

        def keeps_first(x):
            return note(history, [], x)

        def keeps_second(x):
            return note([], history, x)

        def keeps_none(x):
            return note([], [], x)

        for caller in (keeps_first, keeps_second, keeps_none):
            caller(tf.ones([2]))
        """)
    assert "HYB105" in codes_of(project.function("keeps_first"))
    assert "HYB105" in codes_of(project.function("keeps_second"))
    assert "HYB105" not in codes_of(project.function("keeps_none"))
