"""Python's containers: the results of their methods, and access to their elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir.code import Call, Iteration
from ..ir.engine import Engine, Given, Reaction
from ..ir.program import Program
from ..ir.solver import Node
from ..ir.values import (
    INTEGER,
    NONE,
    OBJECT,
    UNKNOWN,
    Box,
    Value,
)

if TYPE_CHECKING:
    from .calls import LibraryCalls


#: Methods that may change the positions of a list's elements.
_SHIFTING = frozenset({"appendleft", "extendleft", "insert", "popleft", "remove", "reverse", "rotate", "sort"})


class Containers:
    """Methods of containers."""

    def __init__(self, program: Program, calls: Engine, library: LibraryCalls) -> None:
        self.program = program
        self.graph = program.graph
        self.calls = calls
        self.library = library

    def call(self, call: Call, box: Box, name: str, given: Given, result: Node) -> None:
        """``box.name(…)``."""
        graph = self.graph
        flows = self.calls.flows
        first = given.positional[0] if given.positional else None
        if box.kind == "list" and (name in _SHIFTING or (name == "pop" and given.positional)):
            flows.shift(box)
        if name in ("append", "add", "appendleft", "insert", "remove", "discard"):
            if name not in ("remove", "discard") and given.positional:
                graph.connect(given.positional[-1], box.element)
            graph.add(result, NONE)
        elif name in ("extend", "extendleft", "update"):
            if first is not None:
                self.take_all(first, box, call)
            for key, node in given.keywords.items():
                graph.connect(node, self.program.field(box, key, call.place))
            graph.add(result, NONE)
        elif name == "popitem":
            graph.connect(self.items(call, box).element, result)
        elif name in ("pop", "popleft", "get", "setdefault", "__getitem__", "__next__"):
            literal: object = None
            if box.kind == "dict" and call.literals is not None:
                literal = call.literals.get(0)
            if literal is not None and literal in box.fields:
                graph.connect(box.fields[literal], result)
                graph.connect(box.element, result)
            else:
                flows.pour(box, result)
            if name in ("get", "setdefault", "pop") and len(given.positional) > 1:
                graph.connect(given.positional[1], result)
                if name == "setdefault":
                    graph.connect(given.positional[1], box.element)
        elif name == "values":
            made = self.derived(call, box, "values", "list")
            flows.pour(box, made.element)
            graph.add(result, made)
        elif name == "keys":
            made = self.derived(call, box, "keys", "list")
            self.program.keys(box, made.element)
            graph.add(result, made)
        elif name in ("items", "iteritems"):
            graph.add(result, self.items(call, box))
        elif name in ("copy", "__iter__", "reverse", "sort", "__copy__"):
            graph.add(result, box if name in ("copy", "__iter__", "__copy__") else NONE)
        elif name in ("_asdict", "_replace"):
            graph.add(result, box)
        elif name in ("index", "count", "__len__"):
            graph.add(result, INTEGER)
        elif name in ("union", "difference", "intersection"):
            graph.add(result, box)
        elif name == "most_common":
            graph.add(result, OBJECT)
        else:
            graph.add(result, UNKNOWN)

    def derived(self, call: Call, box: Box, what: str, kind: str) -> Box:
        """The container that a method of ``box`` returns at this call; it is created once."""
        key = (what, call.place, box)
        slices = self.calls.flows.derived
        made = slices.get((key, box))
        if made is None:
            made = slices[key, box] = self.program.box(kind, call.place)
        return made

    def items(self, call: Call, box: Box) -> Box:
        """The pairs of a dictionary."""
        made = self.derived(call, box, "items", "list")
        if not made.element.values:
            pair = self.program.box("tuple", call.place)
            self.program.keys(box, self.program.field(pair, 0, call.place))
            self.calls.flows.pour(box, self.program.field(pair, 1, call.place))
            self.graph.add(made.element, pair)
        return made

    def take_all(self, source: Node, box: Box, call: Call) -> None:
        """Add the elements of ``source`` to ``box``; a dictionary keeps its keys."""

        def take(value: Value) -> None:
            if isinstance(value, Box) and value.kind == "dict" and box.kind == "dict":
                for key, held in tuple(value.fields.items()):
                    self.graph.connect(held, self.program.field(box, key, call.place))
                self.graph.connect(value.element, box.element)
            else:
                self.elements(call, source, value, box.element)

        self.graph.watch(source, Reaction(take))

    def elements(self, call: Call, source: Node, value: Value, target: Node) -> None:
        """Let the elements of ``value`` flow to ``target``."""
        event = Iteration(call.owner, call.place, call.guard, source, "builtin")
        event.result = target
        self.calls.flows.elements(event, source, value, target)

    def each(self, call: Call, source: Node) -> Node:
        """The node of the elements of ``source``."""
        target = Node(call.place)
        self.graph.watch(source, Reaction(lambda value: self.elements(call, source, value, target)))
        return target

    def leaves(self, source: Node, target: Node) -> None:
        """Let the leaves of nested containers flow to ``target``; what is nested deeper than four levels is a leaf."""
        entered: set[tuple[Node, int]] = set()

        def enter(node: Node, depth: int) -> None:
            # Containers share elements, so without this there would be a reaction for each path to one.
            if (node, depth) in entered:
                return
            entered.add((node, depth))

            def take(value: Value) -> None:
                if isinstance(value, Box) and depth < 4:
                    for held in (value.element, *value.fields.values()):
                        enter(held, depth + 1)
                else:
                    self.graph.add(target, value, node)

            self.graph.watch(node, Reaction(take))

        enter(source, 0)
