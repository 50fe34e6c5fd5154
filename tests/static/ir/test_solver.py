"""The value graph: values flow along edges until nothing new arrives anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridize.static.ir.solver import WIDTH, Graph, Node, trace_back
from hybridize.static.ir.values import (
    ARRAY,
    BOOLEAN,
    FLOAT,
    INTEGER,
    NONE,
    SHAPE,
    STRING,
    TENSOR,
    UNKNOWN,
    Atom,
    External,
    Value,
)


class Watcher:
    def __init__(self) -> None:
        self.seen: list[Value] = []


def graph_with(*nodes: Node) -> Graph:
    graph = Graph()
    graph.handlers[Watcher] = lambda watcher, node, value: watcher.seen.append(value)
    return graph


def test_a_value_reaches_all_that_its_node_flows_to_and_what_is_connected_later():
    graph, nodes = graph_with(), [Node(0) for _ in range(4)]
    graph.connect(nodes[0], nodes[1])
    graph.connect(nodes[1], nodes[2])
    graph.add(nodes[0], TENSOR)
    graph.solve()
    graph.connect(nodes[2], nodes[3])
    graph.solve()
    assert [node.values for node in nodes] == [(TENSOR,)] * 4


def test_a_circle_comes_to_an_end():
    graph, one, other = graph_with(), Node(0), Node(0)
    graph.connect(one, other)
    graph.connect(other, one)
    graph.add(one, TENSOR)
    graph.add(other, INTEGER)
    graph.solve()
    assert set(one.values) == set(other.values) == {TENSOR, INTEGER}


def test_a_node_that_holds_too_much_holds_anything():
    graph, source, target = graph_with(), Node(0), Node(0)
    graph.connect(source, target)
    for number in range(WIDTH + 3):
        graph.add(source, External(f"library.f{number}"))
    graph.solve()
    assert len(source.values) == len(target.values) == WIDTH + 1
    assert UNKNOWN in source.values and UNKNOWN in target.values


def test_nodes_that_hold_too_much_together_hold_anything_where_they_meet():
    graph, sources, target, behind = graph_with(), [Node(0), Node(0)], Node(0), Node(0)
    graph.connect(target, behind)
    graph.solve()
    for number, source in enumerate(sources):
        graph.connect(source, target)
        for other in range(WIDTH - 2):
            graph.add(source, External(f"library.f{number}{other}"))
    graph.solve()
    assert UNKNOWN in target.values and UNKNOWN in behind.values
    assert not any(UNKNOWN in source.values for source in sources)


def test_an_atom_is_never_lost():
    graph, node = graph_with(), Node(0)
    for number in range(WIDTH):
        graph.add(node, External(f"library.f{number}"))
    graph.add(node, FLOAT)
    assert FLOAT in node.values


def test_a_watcher_is_told_of_each_value_once_and_not_before_the_graph_is_solved():
    graph, node, watcher = graph_with(), Node(0), Watcher()
    graph.watch(node, watcher)
    graph.add(node, TENSOR)
    graph.add(node, TENSOR)
    assert watcher.seen == []
    graph.solve()
    graph.add(node, INTEGER)
    graph.solve()
    assert watcher.seen == [TENSOR, INTEGER]


def test_a_watcher_that_fails_is_noted_and_the_others_are_told():
    graph, node, watcher = graph_with(), Node(0), Watcher()

    class Failing:
        pass

    def fail(*_: object) -> None:
        raise ValueError("no")

    graph.handlers[Failing] = fail
    failing = Failing()
    graph.watch(node, failing)
    graph.watch(node, watcher)
    graph.add(node, TENSOR)
    graph.solve()
    assert watcher.seen == [TENSOR]
    assert [(each, where) for each, where, _ in graph.failed] == [(failing, node)]


def test_a_value_is_traced_back_to_where_it_began():
    graph, nodes = graph_with(), [Node(0) for _ in range(3)]
    graph.connect(nodes[0], nodes[1])
    graph.connect(nodes[1], nodes[2])
    graph.add(nodes[0], TENSOR)
    graph.add(nodes[1], INTEGER)
    graph.solve()
    assert list(trace_back(nodes[2], TENSOR)) == [nodes[2], nodes[1], nodes[0]]
    assert list(trace_back(nodes[2], INTEGER)) == [nodes[2], nodes[1]]
    assert list(trace_back(nodes[2], FLOAT)) == [nodes[2]]


# Whatever is added and connected, in whatever order, before and while values flow

NODES = 6
#: No more than one node may hold, and more than that.
FEW = (TENSOR, INTEGER, FLOAT, ARRAY, External("library.f"), External("library.g"), External("library.h"))
MANY = (*FEW, SHAPE, BOOLEAN, STRING, NONE, *(External(f"library.f{number}") for number in range(WIDTH)))


@dataclass(frozen=True)
class Added:
    node: int
    value: Value


@dataclass(frozen=True)
class Connected:
    source: int
    target: int


@dataclass(frozen=True)
class Calling:
    """Connects two nodes once a third holds anything, as a call does when its callee is known."""

    watched: int
    source: int
    target: int


Fact = Added | Connected | Calling


def facts_of(values: Sequence[Value]) -> st.SearchStrategy[list[Fact]]:
    number = st.integers(0, NODES - 1)
    kinds = (
        st.builds(Added, number, st.sampled_from(values)),
        st.builds(Connected, number, number),
        st.builds(Calling, number, number, number),
    )
    return st.lists(st.one_of(*kinds), max_size=30)


def solved(facts: Sequence[Fact], stops: frozenset[int] = frozenset()) -> list[tuple[Value, ...]]:
    """What each node holds after all of these, where the graph is solved at the ``stops`` as well."""
    graph, nodes = Graph(), [Node(0) for _ in range(NODES)]
    graph.handlers[Calling] = lambda call, node, value: graph.connect(nodes[call.source], nodes[call.target])
    for position, fact in enumerate(facts):
        if position in stops:
            graph.solve()
        match fact:
            case Added(node, value):
                graph.add(nodes[node], value)
            case Connected(source, target):
                graph.connect(nodes[source], nodes[target])
            case Calling(watched):
                graph.watch(nodes[watched], fact)
    graph.solve()
    assert not graph.failed
    return [node.values for node in nodes]


def least(facts: Sequence[Fact]) -> list[set[Value]]:
    """By definition: the least sets that hold what was added, and all that flows along the edges."""
    held: list[set[Value]] = [set() for _ in range(NODES)]
    for fact in facts:
        if isinstance(fact, Added):
            held[fact.node].add(fact.value)
    while True:
        before = [set(each) for each in held]
        for fact in facts:
            if isinstance(fact, Connected) or (isinstance(fact, Calling) and held[fact.watched]):
                held[fact.target] |= held[fact.source]
        if held == before:
            return held


@pytest.mark.slow
@given(facts_of(FEW), st.frozensets(st.integers(0, 30)))
def test_each_node_holds_what_flows_to_it_and_nothing_else(facts: list[Fact], stops: frozenset[int]) -> None:
    assert [set(values) for values in solved(facts, stops)] == least(facts)
    assert all(len(values) == len(set(values)) for values in solved(facts, stops))


@pytest.mark.slow
@given(facts_of(FEW), st.data())
def test_the_order_does_not_matter(facts: list[Fact], data: st.DataObject) -> None:
    other = data.draw(st.permutations(facts))
    assert list(map(set, solved(other))) == list(map(set, solved(facts)))


@pytest.mark.slow
@given(facts_of(FEW), facts_of(FEW))
def test_what_is_added_takes_nothing_away(facts: list[Fact], more: list[Fact]) -> None:
    assert all(set(one) <= set(other) for one, other in zip(solved(facts), solved(facts + more), strict=True))


@pytest.mark.slow
@given(facts_of(MANY), st.frozensets(st.integers(0, 30)))
def test_where_a_node_holds_too_much_no_value_is_lost_without_a_word(facts: list[Fact], stops: frozenset[int]) -> None:
    for values, expected in zip(solved(facts, stops), least(facts), strict=True):
        lost = expected - set(values)
        assert not lost or UNKNOWN in values
        assert not any(isinstance(value, Atom) for value in lost)
        assert set(values) <= expected | {UNKNOWN}
        assert len([value for value in values if not isinstance(value, Atom)]) <= WIDTH


@pytest.mark.slow
@given(facts_of(MANY))
def test_a_value_came_to_each_node_that_holds_it_from_one_that_did(facts: list[Fact]) -> None:
    graph, nodes = Graph(), [Node(0) for _ in range(NODES)]
    for fact in facts:
        if isinstance(fact, Added):
            graph.add(nodes[fact.node], fact.value)
        elif isinstance(fact, Connected):
            graph.connect(nodes[fact.source], nodes[fact.target])
    graph.solve()
    for node in nodes:
        for value in node.values:
            way = list(trace_back(node, value))
            assert way[0] is node and len(set(map(id, way))) == len(way)
            for here, source in pairwise(way):
                assert source.successors is not None and here in source.successors
