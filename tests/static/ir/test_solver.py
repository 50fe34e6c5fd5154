"""The value graph: values flow along edges until nothing new arrives anywhere."""

from __future__ import annotations

from hybridize.static.ir.solver import WIDTH, Graph, Node, trace_back
from hybridize.static.ir.values import FLOAT, INTEGER, TENSOR, UNKNOWN, External, Value


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
