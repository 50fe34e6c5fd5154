"""What the engine's parts ask of one another: arguments as they arrive, and what containers hold at any depth."""

from __future__ import annotations

import pytest
from laying import calls_of, class_in, function_in

from hybridize.static.ir.engine import Given, kind_of, watch_inside
from hybridize.static.ir.program import Program
from hybridize.static.ir.solver import Node
from hybridize.static.ir.values import (
    ARRAY,
    FLOAT,
    INTEGER,
    NONE,
    SHAPE,
    STRING,
    SYMBOLIC,
    TENSOR,
    UNKNOWN,
    VARIABLE,
    Box,
    Value,
)
from hybridize.static.reading.imports import Resolver


def test_what_is_given_is_found_by_its_position_or_its_name() -> None:
    one, other, third = Node(0), Node(0), Node(0)
    given = Given([one, other], keywords={"key": third})
    assert given.get(0, "x") is one and given.get(1, "y") is other
    assert given.get(0, "key") is third
    assert given.get(2, "z") is None


def test_what_stands_behind_a_star_is_nobody_knows_which() -> None:
    one, other = Node(0), Node(0)
    assert Given([one, other], stars=[(1, Node(0))]).get(0, "x") is one
    assert Given([one, other], stars=[(1, Node(0))]).get(1, "x") is None
    assert Given([one, other], stars=[(0, Node(0))]).get(0, "x") is None


# Containers in containers


@pytest.fixture
def program() -> Program:
    return Program(Resolver([], []))


def seen_in(program: Program, node: Node, closed: frozenset[str] = frozenset()) -> list[Value]:
    """What is seen in a node, in the order in which it is."""
    seen: list[Value] = []
    watch_inside(program.graph, node, seen.append, closed)
    program.graph.handlers.update(_HANDLERS)
    program.graph.solve()
    return seen


_HANDLERS = dict(calls_of("").program.graph.handlers)


def test_what_containers_hold_is_seen_at_any_depth(program: Program) -> None:
    inner = program.box("tuple", 0, TENSOR)
    outer = program.box("tuple", 0, inner)
    program.graph.add(program.field(outer, "a", 0), STRING)
    node = program.constant(outer)
    program.graph.add(node, INTEGER)
    assert set(seen_in(program, node)) == {TENSOR, STRING, INTEGER}


def test_what_is_put_in_later_is_seen_too(program: Program) -> None:
    box = program.box("list", 0)
    node = program.constant(box)
    seen = seen_in(program, node)
    assert seen == []
    program.graph.add(box.element, TENSOR)
    program.graph.solve()
    assert seen == [TENSOR]


def test_a_container_that_holds_itself_comes_to_an_end(program: Program) -> None:
    box = program.box("list", 0, TENSOR)
    other = program.box("list", 0, box)
    program.graph.add(box.element, other)
    program.graph.add(box.element, box)
    assert seen_in(program, program.constant(box)) == [TENSOR]


def test_containers_of_a_closed_kind_are_values_like_others(program: Program) -> None:
    data = program.box("dataset", 0, TENSOR)
    node = program.constant(program.box("list", 0, data))
    assert seen_in(program, node, frozenset({"dataset"})) == [data]


# How the tables know a value


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (TENSOR, "tensor"), (VARIABLE, "variable"), (SYMBOLIC, "symbolic"), (ARRAY, "array"), (SHAPE, "shape"),
        (INTEGER, "int"), (FLOAT, "float"), (STRING, "str"), (NONE, "None"), (UNKNOWN, "unknown"),
        (Box("list", Node(0)), "list"), (Box("dataset", Node(0)), "dataset"),
    ],
    ids=repr,
)  # fmt: skip
def test_the_tables_know_a_value_by_its_kind(value: Value, kind: str) -> None:
    assert kind_of(value) == kind


def test_an_object_of_the_project_is_of_the_kind_of_its_library_s_class() -> None:
    text = """
    import tensorflow as tf
    class Net(tf.keras.Model):
        def call(self, x): return super().call(x)
    class Deep(Net): pass
    class Plain:
        def f(self): pass
    def f(): pass
    """
    program = calls_of(text).program
    values = program.values
    net, deep, plain = (class_in(program, name).instance for name in ("Net", "Deep", "Plain"))
    assert [kind_of(each) for each in (net, deep, plain)] == ["model", "model", "instance"]
    assert kind_of(values.super(net.code, net)) == "model" and kind_of(values.super(plain.code, plain)) == "instance"
    function = function_in(program, "f")
    for each in (function.value, values.bound(function, net), values.wrapped(function.value, function)):
        assert kind_of(each) == "function"
    assert kind_of(values.thing("layer", "keras.layers.Dense")) == "layer"
    assert kind_of(net.code.value) == kind_of(values.external("a.b")) == "unknown"
