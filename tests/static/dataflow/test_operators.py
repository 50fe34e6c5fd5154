"""What operators give: laws that hold for all values, and the methods of the project's classes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import kinds, missed

from hybridize.static.dataflow.calls import Calls
from hybridize.static.ir.code import FunctionCode, ModuleCode, Operation
from hybridize.static.ir.program import Program
from hybridize.static.ir.solver import Node
from hybridize.static.ir.values import (
    ARRAY,
    BOOLEAN,
    FLOAT,
    INTEGER,
    NONE,
    SHAPE,
    STRING,
    SYMBOLIC,
    TENSOR,
    TENSORS,
    UNKNOWN,
    VARIABLE,
    Atom,
    Value,
)
from hybridize.static.reading.imports import Resolver

ATOMS = (TENSOR, VARIABLE, SYMBOLIC, ARRAY, SHAPE, INTEGER, FLOAT, BOOLEAN, STRING, NONE, UNKNOWN)
ARITHMETIC = ("Add", "Mult", "BitAnd", "Sub")

atoms = st.lists(st.sampled_from(ATOMS), min_size=1, max_size=4, unique=True)


def operate(name: str, *operands: list[Atom]) -> set[Value]:
    """What an operator gives where its operands hold these values, which arrive in this order."""
    program = Program(Resolver([], []))
    Calls(program)
    code = FunctionCode(ModuleCode(0, "m", "m.py", False, 1), "f", "f", "function", 1, 1, Node(1), Node(1))
    nodes = tuple(Node(1) for _ in operands)
    event = Operation(code, 1, None, name, nodes)
    event.result = Node(1, event)
    for node in nodes:
        program.graph.watch(node, event)
    program.graph.solve()
    for position in range(max(map(len, operands))):
        for node, values in zip(nodes, operands, strict=True):
            if position < len(values):
                program.graph.add(node, values[position])
                program.graph.solve()
    return set(event.result.values)


@pytest.mark.slow
def test_a_tensor_comes_of_a_tensor_and_of_nothing_else():
    for one, other in itertools.product(ATOMS, ATOMS):
        found = operate("Add", [one], [other])
        assert bool(found & TENSORS) == bool({one, other} & TENSORS)
        assert found == operate("Add", [other], [one])


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(atoms, atoms, st.sampled_from(ARITHMETIC))
def test_the_order_of_the_operands_does_not_matter(one: list[Atom], other: list[Atom], name: str) -> None:
    assert operate(name, one, other) == operate(name, other, one)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(atoms, atoms, st.randoms(use_true_random=False))
def test_what_arrives_first_does_not_matter(one: list[Atom], other: list[Atom], chance) -> None:
    mixed = chance.sample(one, len(one)), chance.sample(other, len(other))
    assert operate("Add", one, other) == operate("Add", *mixed)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(atoms, atoms, atoms, st.sampled_from((*ARITHMETIC, "Lt", "In")))
def test_more_operands_never_give_less(one: list[Atom], other: list[Atom], more: list[Atom], name: str) -> None:
    assert operate(name, one, other) <= operate(name, list(dict.fromkeys([*one, *more])), other) | {UNKNOWN}


CASES = {
    "methods of the left and of the right": """
        class Odd:
            def __add__(self, other): return "s"
            def __radd__(self, other): return 1.5
            def __eq__(self, other): return "s"
            def __lt__(self, other): return 1
            def __le__(self, other): return None
            def __neg__(self): return "s"
            def __invert__(self): return 1.5
            def __floordiv__(self, other): return None
            def __rsub__(self, other): return b"b"
        a = Odd()
        probe(1, a + 1); probe(2, 1 + a); probe(3, a == 1); probe(4, a < 1); probe(5, 1 > a); probe(6, a <= 1)
        probe(7, 1 >= a); probe(8, -a); probe(9, ~a); probe(10, a // 2); probe(11, 1 - a); probe(12, 1 == a)
        """,
    "in place": """
        class Sum:
            def __init__(self): self.held = 1
            def __iadd__(self, other):
                self.held = other
                return None
            def __mul__(self, other): return 1.5
        a = b = Sum()
        a += "s"
        probe(1, a); probe(2, b.held)
        b *= 2
        probe(3, b)
        """,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_a_class_says_itself_what_its_operators_give(text: str) -> None:
    assert not list(missed(text, seeds=1))


def test_what_is_known_of_numbers_is_kept():
    text = "probe(1, 1 + 2)\nprobe(2, 1 + 2.5)\nprobe(3, True + True)\nprobe(4, True & True)\nprobe(5, 1 < 2)\n"
    assert kinds(text) == {1: {"int"}, 2: {"float"}, 3: {"int"}, 4: {"bool"}, 5: {"bool"}}
