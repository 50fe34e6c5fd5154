"""What the engine's parts ask of one another: how a call's arguments arrive, who watches a node, and the engine itself.

Values flow until nothing new arrives, so whoever knows of one kind of value may have to call back to any other. They
know each other by the protocols here alone.
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


@dataclass(slots=True)
class Given:
    """The arguments of a call as they arrive at a callee."""

    positional: list[Node] = field(default_factory=list)
    stars: list[tuple[int, Node]] = field(default_factory=list)
    keywords: dict[str, Node] = field(default_factory=dict)
    double_stars: list[Node] = field(default_factory=list)

    def get(self, position: int, name: str) -> Node | None:
        """The node given for a parameter by position or name."""
        if name in self.keywords:
            return self.keywords[name]
        if position < len(self.positional) and not any(star <= position for star, _ in self.stars):
            return self.positional[position]
        return None


class Reaction:
    """A watcher that does what its function says with each new value."""

    __slots__ = ("react",)

    def __init__(self, react: Callable[[Value], None]) -> None:
        self.react = react


def watch_inside(
    graph: Graph, node: Node, react: Callable[[Value], None], closed: frozenset[str] = frozenset()
) -> None:
    """Run ``react`` with each value in ``node`` and in the containers there, into each of which it looks once:
    a container may hold itself. Those of the kinds in ``closed`` are values like others."""
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
    """Watches what ``**value`` puts into a dict display."""

    __slots__ = ("box",)

    def __init__(self, box: Box) -> None:
        self.box = box


def kind_of(value: Value) -> str:
    """The name under which the knowledge tables know a value's methods."""
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
    """How values move between the parts of other values."""

    derived: dict[tuple[object, Value | None], Box]

    def pour(self, box: Box, target: Node) -> None:
        """Let whatever the container holds flow to ``target``."""

    def shift(self, box: Box) -> None:
        """Let what stands in a list be anywhere in it."""

    def elements(self, event: Iteration, node: Node, value: Value, result: Node) -> None:
        """Let the elements of ``value`` flow to ``result``."""


class Engine(Protocol):
    """What enters calls.

    ``late`` are calls with the words for what they give where nothing better is known when all else is solved;
    ``conversions`` the calls of ``tf.function`` with what they were given, ``empty_elements`` the elements of
    containers that nothing has been put into yet.
    """

    late: list[tuple[Call, str]]
    conversions: list[tuple[Call, Node]]
    empty_elements: list[Node]

    @property
    def flows(self) -> Flowing:
        """How values move."""

    def dispatch(
        self,
        call: Call,
        value: Value,
        given: Given,
        result: Node,
        mode: str = "call",
        source: Node | None = None,
    ) -> None:
        """Call ``value`` with ``given``; what it returns flows to ``result``."""

    def give(self, word: str, result: Node, place: int, cause: Node | None) -> None:
        """Let what ``word`` stands for be in ``result``."""

    def find_method(self, code: ClassCode, name: str) -> FunctionCode | None:
        """The project's method of that name that instances of ``code`` have."""

    def call_implicitly(
        self, event: Event, code: FunctionCode, receiver: Value, arguments: list[Node], result: Node | None
    ) -> None:
        """Enter a call that the source does not spell."""
