"""What rules ask of a function after the graph has been solved."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_programs import programs, solved

from hybridize.static.facts.allocation import Allocations
from hybridize.static.facts.callgraph import CallGraph
from hybridize.static.facts.view import Facts, View
from hybridize.static.ir.code import FunctionCode
from hybridize.static.ir.program import Program
from hybridize.static.ir.solver import Node


def questions(program: Program) -> list[tuple[FunctionCode, Node]]:
    found = [
        (code, node)
        for code in program.functions
        for event in code.events
        for slot in ("base", "result", "value")
        if isinstance(node := getattr(event, slot, None), Node)
    ]
    return list(dict.fromkeys(found))


def assert_order_does_not_matter(program: Program, seed: int) -> None:
    graph = CallGraph(program)
    asked = questions(program)
    random.Random(seed).shuffle(asked)
    together = Facts(program, graph, Allocations(program))
    answers = [View(together, code).traced(node) for code, node in asked]
    alone = Facts(program, graph, Allocations(program))
    for (code, node), answer in zip(asked, answers, strict=True):
        alone.traced.clear()
        assert View(alone, code).traced(node) is answer


@pytest.mark.slow
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(0, 2**32))
def test_whether_a_value_is_traced_does_not_depend_on_the_order_of_the_questions(text: str, seed: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        program = solved(Path(directory), text)
    assert_order_does_not_matter(program, seed)


@pytest.mark.parametrize("seed", range(4))
def test_nor_for_containers_that_hold_each_other(tmp_path: Path, seed: int) -> None:
    text = """
import tensorflow as tf

def step(x):
    one = [tf.reduce_sum(x)]
    two = [one]
    three = [two]
    four = [three]
    five = [four]
    one.append(five)
    print(one[0], two[0], three[0], four[0], five[0])
    return five

step(tf.ones([2]))
"""
    assert_order_does_not_matter(solved(tmp_path, text), seed)
