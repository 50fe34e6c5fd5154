"""The intermediate representation of a project's source: modules, classes, functions, and their events.

An event is something that a rule may inspect: a call, a store, a branch. Its operands are nodes of the value graph, so
its meaning is known after the graph was solved.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..reading.imports import Target
from .solver import Node
from .values import Class, Function, Instance, Module, Value


class Event:
    """An action of a function. ``guard`` is the innermost branch around it."""

    __slots__ = ("guard", "owner", "place")

    def __init__(self, owner: FunctionCode, place: int, guard: Branch | None) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard


class Call(Event):
    """A call.

    ``path`` is set if the name alone shows that the callee belongs to a library; otherwise ``function`` holds it.
    ``stars`` are (position, node) pairs of ``*args``; ``double_stars`` are the nodes of ``**kwargs``. ``targets`` are
    the project functions that it reaches, with the nodes bound to their parameters.
    """

    __slots__ = (
        "arguments",
        "attribute",
        "decorates",
        "double_stars",
        "externals",
        "function",
        "in_loop",
        "keywords",
        "literals",
        "methods",
        "path",
        "result",
        "stars",
        "targets",
        "text",
        "unknown",
    )

    def __init__(self, owner: FunctionCode, place: int, guard: Branch | None) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard
        self.function: Node | None = None
        self.path: str | None = None
        self.attribute: str | None = None
        self.arguments: list[Node] = []
        self.stars: list[tuple[int, Node]] = []
        self.keywords: dict[str, Node] = {}
        self.double_stars: list[Node] = []
        self.result: Node
        self.targets: list[Binding] = []
        self.externals: list[str] = []
        self.methods: list[tuple[Value, str]] = []
        self.unknown = False
        self.text = ""
        self.in_loop = False
        self.decorates: FunctionCode | None = None
        self.literals: dict[int | str, object] | None = None

    def note_literal(self, key: int | str, value: object) -> None:
        """Record a constant argument."""
        if self.literals is None:
            self.literals = {}
        self.literals[key] = value

    def argument(self, position: int, name: str) -> Node | None:
        """The argument node for a library function's parameter, by position or name."""
        if name in self.keywords:
            return self.keywords[name]
        if position < len(self.arguments) and not any(star <= position for star, _ in self.stars):
            return self.arguments[position]
        return None


class Binding:
    """One function that a call reaches, and the arguments for its parameters.

    ``mode`` is "call" for an ordinary call, "graph" if TensorFlow or Keras traces the function (a dataset's ``map``),
    "python" if TensorFlow calls it in Python (``tf.py_function``), "held" if a library object in the call received it
    earlier, and "wrapper" for a wrapper of the project that passes all arguments on.
    """

    __slots__ = ("arguments", "code", "mode")

    def __init__(self, code: FunctionCode, mode: str) -> None:
        self.code = code
        self.mode = mode
        self.arguments: dict[int, list[Node]] = {}


class AttributeLoad(Event):
    """``base.attribute``, read."""

    __slots__ = ("attribute", "base", "result")

    def __init__(
        self, owner: FunctionCode, place: int, guard: Branch | None, base: Node, attribute: str
    ) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard
        self.base = base
        self.attribute = attribute
        self.result: Node


class AttributeStore(Event):
    """``base.attribute = value`` (``value`` is None for ``del``; ``literal`` is the constant that it is, else "…")."""

    __slots__ = ("attribute", "augmented", "base", "literal", "value")

    def __init__(
        self, owner: FunctionCode, place: int, guard: Branch | None, base: Node, attribute: str
    ) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard
        self.base = base
        self.attribute = attribute
        self.value: Node | None = None
        self.literal: object = "…"
        self.augmented = False


class ItemLoad(Event):
    """``base[key]``, read. ``key`` is the constant key, or None with the key's node in ``index``."""

    __slots__ = ("base", "index", "key", "result", "sliced")

    def __init__(self, owner: FunctionCode, place: int, guard: Branch | None, base: Node) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard
        self.base = base
        self.key: object = None
        self.index: Node | None = None
        self.sliced = False
        self.result: Node


class ItemStore(Event):
    """``base[key] = value`` (``value`` is None for ``del``)."""

    __slots__ = ("base", "index", "key", "sliced", "value")

    def __init__(self, owner: FunctionCode, place: int, guard: Branch | None, base: Node) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard
        self.base = base
        self.key: object = None
        self.index: Node | None = None
        self.sliced = False
        self.value: Node | None = None


class NameStore(Event):
    """A name of an enclosing scope rebound (``global``, ``nonlocal``). ``cell`` is that name's node."""

    __slots__ = ("cell", "is_global", "name", "value")

    def __init__(
        self, owner: FunctionCode, place: int, guard: Branch | None, name: str, cell: Node, is_global: bool
    ) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard
        self.name = name
        self.cell = cell
        self.is_global = is_global
        self.value: Node | None = None


class Operation(Event):
    """An operator. ``name`` is the ``ast`` class's: Add, Eq, In, Not, USub."""

    __slots__ = ("in_place", "name", "operands", "result")

    def __init__(
        self, owner: FunctionCode, place: int, guard: Branch | None, name: str, operands: tuple[Node, ...]
    ) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard
        self.name = name
        self.operands = operands
        self.in_place = False
        self.result: Node


class Iteration(Event):
    """An iteration. ``context`` is "for", "async for", "comprehension", "star", "builtin" or "with"."""

    __slots__ = ("context", "end", "iterable", "result")

    def __init__(
        self, owner: FunctionCode, place: int, guard: Branch | None, iterable: Node, context: str
    ) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard
        self.iterable = iterable
        self.context = context
        self.end = 0
        self.result: Node


class Unpacking(Event):
    """``a, *b = source``: ``targets`` are (position, node); a position after the star counts from the end."""

    __slots__ = ("source", "starred", "targets")

    def __init__(self, owner: FunctionCode, place: int, guard: Branch | None, source: Node) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard
        self.source = source
        self.targets: list[tuple[int, Node]] = []
        self.starred: Node | None = None


class Branch(Event):
    """A decision.

    ``kind`` is if, while, ifexp, and, or, assert, match, except. ``sides`` are the lines where the cases of a ``match``
    begin, or the other side of an ``if``. ``leaves`` says that one side of it returns. ``flag`` says that the test only
    reads a name or attribute (``switch`` is a name's node) and constants, so the guarded code may be switched off.
    ``asks`` says that it tests a type, a string, or the presence of something (see ``questions``).
    """

    __slots__ = ("asks", "flag", "kind", "leaves", "sides", "switch", "test")

    def __init__(self, owner: FunctionCode, place: int, guard: Branch | None, kind: str, test: Node) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard
        self.kind = kind
        self.test = test
        self.leaves = False
        self.flag = False
        self.asks = False
        self.sides: tuple[int, ...] = ()
        self.switch: Node | None = None

    def divides(self, line: int, other: int) -> bool:
        """Whether two lines under it are on different sides, so that only one of them runs."""
        return self.kind == "ifexp" or bisect_right(self.sides, line) != bisect_right(self.sides, other)


class Return(Event):
    """``return value``; ``in_loop`` if a loop of the function surrounds it."""

    __slots__ = ("in_loop", "value")

    def __init__(self, owner: FunctionCode, place: int, guard: Branch | None, value: Node) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard
        self.value = value
        self.in_loop = False


class Mark(Event):
    """Code whose presence matters: raise, try, with, loop, yield, await, import, format, update, assignment, called."""

    __slots__ = ("end", "kind", "node", "text")

    def __init__(
        self,
        owner: FunctionCode,
        place: int,
        guard: Branch | None,
        kind: str,
        node: Node | None = None,
        text: str = "",
    ) -> None:
        self.owner = owner
        self.place = place
        self.guard = guard
        self.kind = kind
        self.node = node
        self.text = text
        self.end = 0


@dataclass(eq=False, slots=True)
class Decorator:
    """One decorator: its source text, its line, and its value's node or the library path it names."""

    text: str
    line: int
    path: str | None
    node: Node | None
    call: Call | None = None


@dataclass(eq=False, slots=True)
class ParameterCode:
    """A parameter: its kind is positional, keyword, star or double star."""

    name: str
    node: Node
    kind: str
    default: Node | None = None
    default_text: str | None = None
    hint: Node | None = None
    owner: FunctionCode | None = None
    supplied: tuple[Value, ...] | None = None


@dataclass(eq=False, slots=True)
class FunctionCode:
    """A function, method, nested function, lambda, or a module's or class's body."""

    module: ModuleCode
    name: str
    qualname: str
    kind: str
    line: int
    end_line: int
    node: Node
    returns: Node
    parent: FunctionCode | None = None
    owner_class: ClassCode | None = None
    parameters: list[ParameterCode] = field(default_factory=list)
    decorators: list[Decorator] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    outer_reads: dict[Node, int] = field(default_factory=dict)
    yields: Node | None = None
    reported: bool = True
    accessor: str = "getter"
    left_out: str | None = None
    is_async: bool = False
    is_generator: bool = False
    in_loop: bool = False
    callers: list[tuple[Call, Binding]] = field(default_factory=list)
    #: For each ``try`` with handlers: the first and last place of its body, and the names of the handled exceptions.
    handled: tuple[tuple[int, int, frozenset[str]], ...] = ()
    argument_calls: dict[Node, Call] | None = None
    escapes: bool = False
    hybrid: str | None = None
    hybrid_call: Call | None = None
    switched: str | None = None
    dropped: bool = False
    value: Function = field(init=False)
    result_box: Value | None = None

    def __post_init__(self) -> None:
        self.value = Function(self)

    @property
    def id(self) -> str:
        """``module:Qual.name``."""
        return f"{self.module.name}:{self.qualname}"

    @property
    def is_body(self) -> bool:
        """Whether this is the body of a module or class, not a function."""
        return self.kind in ("module", "class")

    @property
    def takes_self(self) -> bool:
        """Whether the first parameter is the receiver."""
        return self.owner_class is not None and self.kind in ("method", "classmethod", "property")


@dataclass(eq=False, slots=True)
class ClassCode:
    """A class.

    ``bases`` are library paths or project nodes; ``order`` is its MRO. ``slots`` are the names in ``__slots__``, None
    if it has none. If they are unknown, any name may be among them.
    """

    module: ModuleCode
    name: str
    qualname: str
    line: int
    node: Node
    bases: list[str | Node] = field(default_factory=list)
    attributes: dict[str, Node] = field(default_factory=dict)
    instance_attributes: dict[str, Node] = field(default_factory=dict)
    fields: list[str] = field(default_factory=list)
    slots: frozenset[str] | None = None
    decorators: list[Decorator] = field(default_factory=list)
    order: list[ClassCode] = field(default_factory=list)
    external_bases: list[str] = field(default_factory=list)
    library_bases: list[str] = field(default_factory=list)
    kind: str | None = None
    value: Class = field(init=False)
    instance: Instance = field(init=False)

    def __post_init__(self) -> None:
        self.value = Class(self)
        self.instance = Instance(self)


@dataclass(eq=False, slots=True)
class ModuleCode:
    """A module: its global names' nodes, its functions and classes in source order.

    ``imports`` are the names of the project's modules that it imports, ``libraries`` the paths in libraries.
    """

    index: int
    name: str
    file: str
    is_package: bool
    lines: int
    cells: dict[str, Node] = field(default_factory=dict)
    bound: frozenset[str] = frozenset()
    functions: list[FunctionCode] = field(default_factory=list)
    classes: list[ClassCode] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)
    stars: list[Target] = field(default_factory=list)
    imported_names: dict[str, str] = field(default_factory=dict)
    comments: dict[int, str] = field(default_factory=dict)
    body: FunctionCode = field(init=False)
    value: Module = field(init=False)

    def __post_init__(self) -> None:
        self.value = Module(self)

    def imported(self, by_name: Mapping[str, ModuleCode]) -> Iterator[ModuleCode]:
        """The project's modules that it imports, with the packages that they are in."""
        for name in self.imports | {star.module for star in self.stars if star.module is not None}:
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                known = by_name.get(".".join(parts[:end]))
                if known is not None:
                    yield known
