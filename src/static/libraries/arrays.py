"""Calls of NumPy, and other calls that return arrays."""

from __future__ import annotations

from ..ir.code import Call
from ..ir.engine import Engine, Given, Reaction
from ..ir.program import Program
from ..ir.solver import Node
from ..ir.values import (
    ARRAY,
    FLOAT,
    INTEGER,
    NONE,
    SHAPE,
    TENSOR_LIKE,
    UNKNOWN,
    Box,
    Value,
)

_MAKE_ARRAYS = frozenset({"array", "asarray", "zeros", "ones", "empty", "full", "arange", "linspace", "eye"})


class ArrayCalls:
    """The results of functions that return arrays, by their arguments."""

    def __init__(self, program: Program, calls: Engine) -> None:
        self.program = program
        self.graph = program.graph
        self.calls = calls

    def _do_numpy(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        """An array; if the first argument is a number or a static shape, a number or a shape."""
        if not given.positional or path.rpartition(".")[2] in _MAKE_ARRAYS:
            self.graph.add(result, ARRAY)
            return

        def take(value: Value) -> None:
            if value is SHAPE:
                self.graph.add(result, SHAPE)
            elif value is INTEGER or value is FLOAT:
                self.graph.add(result, FLOAT)
            elif value is not NONE:
                self.graph.add(result, ARRAY)

        def take_other(value: Value) -> None:
            if value in TENSOR_LIKE or value is UNKNOWN or (isinstance(value, Box) and value.kind == "list"):
                self.graph.add(result, ARRAY)

        self.graph.watch(given.positional[0], Reaction(take))
        for other in given.positional[1:]:
            self.graph.watch(other, Reaction(take_other))
        self.calls.late.append((call, "array"))

    def _do_numpy_scalar(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        if not given.positional:
            return

        def take(value: Value) -> None:
            self.graph.add(result, ARRAY if value is ARRAY or isinstance(value, Box) else FLOAT)

        self.graph.watch(given.positional[0], Reaction(take))
        self.calls.late.append((call, "float"))

    def _do_numpy_where(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        if len(given.positional) == 1:
            self.graph.add(result, self.program.box("tuple", call.place, ARRAY))
        else:
            self.graph.add(result, ARRAY)

    def _do_numpy_unique(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        """The values; a tuple, of these and of what is asked for besides."""
        counted = any(name.startswith("return_") for name in given.keywords) or len(given.positional) > 1
        self.graph.add(result, self.program.box("tuple", call.place, ARRAY) if counted or given.double_stars else ARRAY)

    def _do_array_pairs(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        pair = self.program.box("tuple", call.place, ARRAY)
        self.graph.add(result, self.program.box("list", call.place, pair))

    def _do_load_data(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        program, graph = self.program, self.graph
        outer = program.box("tuple", call.place)
        for half in (0, 1):
            pair = program.box("tuple", call.place)
            for part in (0, 1):
                graph.add(program.field(pair, part, call.place), ARRAY)
            graph.add(program.field(outer, half, call.place), pair)
        graph.add(result, outer)

    def _do_array_stream(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        pair = self.program.box("tuple", call.place)
        for part in (0, 1):
            self.graph.add(self.program.field(pair, part, call.place), ARRAY)
        self.graph.add(result, self.program.box("iterator", call.place, pair))
