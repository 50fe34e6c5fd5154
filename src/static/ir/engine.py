"""Interfaces between the parts of the engine: the arguments of a call, watchers of nodes, and the engine itself.

During propagation, the handler of one kind of value may need the handler of any other. They know each other only by
these protocols.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from .code import Call, ClassCode, Event, FunctionCode, Iteration
from .solver import Graph, Node
from .values import (
    ARRAY,
    SHAPE,
    SYMBOLIC,
    TENSOR,
    VARIABLE,
    Atom,
    Bound,
    Box,
    Function,
    Instance,
    Super,
    Thing,
    Value,
    Wrapped,
)
from .words import Word


@dataclass(slots=True)
class Given:
    """The arguments of a call, as the callee receives them."""

    positional: list[Node] = field(default_factory=list)
    stars: list[tuple[int, Node]] = field(default_factory=list)
    keywords: dict[str, Node] = field(default_factory=dict)
    double_stars: list[Node] = field(default_factory=list)

    def get(self, position: int, name: str) -> Node | None:
        """The node of the argument for a parameter, by position or name; None if there is none or it is unknown."""
        if name in self.keywords:
            return self.keywords[name]
        if position < len(self.positional) and not any(star <= position for star, _ in self.stars):
            return self.positional[position]
        return None


class Reaction:
    """A watcher that calls ``react`` with each new value."""

    __slots__ = ("react",)

    def __init__(self, react: Callable[[Value], None]) -> None:
        self.react = react


def watch_inside(
    graph: Graph, node: Node, react: Callable[[Value], None], closed: frozenset[str] = frozenset()
) -> None:
    """Run ``react`` with each value in ``node`` and in its nested containers.

    Each container is entered once, because it may contain itself. Those of a kind in ``closed`` are not entered, but
    passed to ``react``.
    """
    entered: set[Box] = set()

    def take(value: Value) -> None:
        if not isinstance(value, Box) or value.kind in closed:
            react(value)
        elif value not in entered:
            entered.add(value)
            for held in (value.element, *value.fields.values()):
                graph.watch(held, Reaction(take))

    graph.watch(node, Reaction(take))


class Spread:
    """Watches the operand of ``**value`` in a dict display."""

    __slots__ = ("box",)

    def __init__(self, box: Box) -> None:
        self.box = box


def kind_of(value: Value) -> str:
    """The kind of a value, by which the library tables list its methods."""
    if isinstance(value, Atom):
        return _KINDS.get(value, value.name)
    if isinstance(value, (Thing, Box)):
        return value.kind
    if isinstance(value, Instance):
        return value.code.kind or "instance"
    if isinstance(value, Super):
        return value.code.kind or "instance"
    if isinstance(value, (Function, Bound, Wrapped)):
        return "function"
    return "unknown"


_KINDS = {TENSOR: "tensor", VARIABLE: "variable", SYMBOLIC: "symbolic", ARRAY: "array", SHAPE: "shape"}


class Flowing(Protocol):
    """The flow of values into and out of containers."""

    derived: dict[tuple[object, Value | None], Box]

    def pour(self, box: Box, target: Node) -> None:
        """Let all elements of the container flow to ``target``."""

    def shift(self, box: Box) -> None:
        """Let each element of a list be at any position."""

    def elements(self, event: Iteration, node: Node, value: Value, result: Node) -> None:
        """Let the elements of ``value`` flow to ``result``."""


class Engine(Protocol):
    """Processes calls.

    ``late`` are calls with the word for their result, used if it is still unknown when all else is solved.
    ``conversions`` are the calls of ``tf.function`` with their argument. ``empty_elements`` are the element nodes of
    containers that may stay empty.
    """

    late: list[tuple[Call, Word]]
    conversions: list[tuple[Call, Node]]
    empty_elements: list[Node]

    @property
    def flows(self) -> Flowing:
        """The flow of values into and out of containers."""

    def dispatch(
        self,
        call: Call,
        value: Value,
        given: Given,
        result: Node,
        mode: str = "call",
        source: Node | None = None,
    ) -> None:
        """Call ``value`` with ``given``; its result flows to ``result``."""

    def give(self, word: Word, result: Node, place: int, cause: Node | None) -> None:
        """Put the value that ``word`` stands for into ``result``."""

    def find_method(self, code: ClassCode, name: str) -> FunctionCode | None:
        """The project's method of that name that instances of ``code`` have."""

    def call_implicitly(
        self, event: Event, code: FunctionCode, receiver: Value, arguments: list[Node], result: Node | None
    ) -> None:
        """Process an implicit call, such as that of a property."""
