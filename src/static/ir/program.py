"""The program under analysis: its modules, its value graph, and the nodes that they share."""

from __future__ import annotations

from ..reading.imports import Resolver
from ..reading.paths import canonical_path
from .code import ClassCode, FunctionCode, ModuleCode
from .solver import LINES, Graph, Node
from .values import (
    ARRAY,
    BOOLEAN,
    FILE,
    FLOAT,
    INTEGER,
    MODULE_STATE,
    NONE,
    OBJECT,
    RANDOM,
    SHAPE,
    STRING,
    SYMBOLIC,
    TENSOR,
    UNKNOWN,
    VARIABLE,
    Atom,
    Box,
    Interner,
    Value,
)

ATOMS: dict[str, Atom] = {
    "tensor": TENSOR,
    "variable": VARIABLE,
    "symbolic": SYMBOLIC,
    "array": ARRAY,
    "shape": SHAPE,
    "int": INTEGER,
    "float": FLOAT,
    "bool": BOOLEAN,
    "str": STRING,
    "none": NONE,
    "file": FILE,
    "random generator": RANDOM,
    "os.environ": MODULE_STATE,
    "object": OBJECT,
    "unknown": UNKNOWN,
}


_KINDS_OF_KEYS: dict[type, Atom] = {
    bool: BOOLEAN,
    bytes: STRING,
    float: FLOAT,
    int: INTEGER,
    str: STRING,
    type(None): NONE,
}


class Cell:
    """A name of a module or of a function that other scopes read.

    ``owner`` is the function that binds it; None for a module's global. ``lines`` and ``nodes`` are the places and the
    values of the bindings in its own scope. ``looped`` says whether one of them is inside a loop. ``rebound`` are the
    bindings in other scopes (``global``, ``nonlocal``).
    """

    __slots__ = ("lines", "looped", "name", "nodes", "owner", "rebound")

    def __init__(self, name: str, owner: FunctionCode | None) -> None:
        self.name = name
        self.owner = owner
        self.lines: list[int] = []
        self.nodes: list[Node] = []
        self.looped = False
        self.rebound: list[tuple[FunctionCode, int]] = []


class Program:
    """The program as lowering builds it and the solver reads it."""

    def __init__(self, resolver: Resolver) -> None:
        self.graph = Graph()
        self.values = Interner()
        self.resolver = resolver
        self.modules: dict[str, ModuleCode] = {}
        self.functions: list[FunctionCode] = []
        self.classes: list[ClassCode] = []
        #: Statements that can't be analysed: the file, and a phrase with the line and the reason.
        self.left_out: list[tuple[str, str]] = []
        self.assigned_attributes: dict[str, list[tuple[FunctionCode, int]]] = {}
        self.cells: dict[tuple[str, str], Node] = {}
        self._new_cells: list[tuple[str, str]] = []
        self.constants = {atom: self._constant(atom) for atom in ATOMS.values()}
        self._externals: dict[str, Node] = {}
        self._module_nodes: dict[str, Node] = {}

    def _constant(self, atom: Atom) -> Node:
        node = Node(0, None, "constant")
        self.graph.add(node, atom)
        return node

    def constant(self, value: Value) -> Node:
        """A node that holds ``value`` alone."""
        if isinstance(value, Atom):
            return self.constants[value]
        node = Node(0)
        self.graph.add(node, value)
        return node

    def external(self, path: str) -> Node:
        """The node that holds a library's object."""
        node = self._externals.get(path)
        if node is None:
            value = self.values.external(canonical_path(path))
            node = self._externals[path] = Node(0)
            self.graph.add(node, value)
        return node

    def module_node(self, name: str) -> Node:
        """The node of a module of the project that may not have been read yet."""
        node = self._module_nodes.get(name)
        if node is None:
            node = self._module_nodes[name] = Node(0)
        return node

    def cell(self, module: str, name: str) -> Node:
        """The node of a module's global name, whether or not that module has been read yet."""
        node = self.cells.get((module, name))
        if node is None:
            node = self.cells[module, name] = Node(0, Cell(name, None), name)
            self._new_cells.append((module, name))
        return node

    def box(self, kind: str, place: int, element: Value | None = None) -> Box:
        """A new container; ``element``, if given, is the value of its elements without a known key."""
        node = Node(place, None, None)
        if element is not None:
            self.graph.add(node, element)
        return Box(kind, node)

    def field(self, box: Box, key: object, place: int) -> Node:
        """The node of one key of a container, created if needed.

        A new key of a dictionary also flows to its element node, because earlier reads of the key watch only that one.
        """
        node = box.fields.get(key)
        if node is None:
            node = box.fields[key] = Node(place)
            if box.kind == "dict":
                self.graph.connect(node, box.element)
        return node

    def constant_of(self, key: object) -> Node:
        """The node of the abstract value of a constant key."""
        return self.constants[_KINDS_OF_KEYS.get(type(key), UNKNOWN)]

    def keys(self, box: Box, target: Node) -> None:
        """Let the keys of a dictionary flow to ``target``."""
        if box.keys is not None:
            self.graph.connect(box.keys, target)
        for key in tuple(box.fields):
            self.graph.add(target, _KINDS_OF_KEYS.get(type(key), UNKNOWN))

    def class_attribute(self, code: ClassCode, name: str) -> Node:
        """The node of an attribute that is assigned to instances of ``code``."""
        node = code.instance_attributes.get(name)
        if node is None:
            node = code.instance_attributes[name] = Node(
                code.module.index * LINES + code.line, None, f"attribute {name}"
            )
        return node

    def link_cells(self) -> None:
        """Connect names that a module does not bind itself to its submodules and star imports."""
        for name, node in self._module_nodes.items():
            known = self.modules.get(name)
            self.graph.add(node, UNKNOWN if known is None else known.value)
        for key in iter(self._next_cell, None):
            module_name, name = key
            node = self.cells[key]
            module = self.modules.get(module_name)
            if module is None or name not in module.bound:
                submodule = self.modules.get(f"{module_name}.{name}")
                if submodule is not None:
                    self.graph.add(node, submodule.value)
                elif module is not None:
                    self._link_stars(module, name, node)

    def _next_cell(self) -> tuple[str, str] | None:
        return self._new_cells.pop() if self._new_cells else None

    def _link_stars(self, module: ModuleCode, name: str, node: Node) -> None:
        found = False
        for target in module.stars:
            if target.module is not None:
                if self._exports(target.module, name, {module.name}):
                    self.graph.connect(self.cell(target.module, name), node)
                    found = True
            elif not name.startswith("_"):
                self.graph.add(node, self.values.external(canonical_path(f"{target.path}.{name}")))
                found = True
        if not found:
            self.graph.add(node, UNKNOWN)

    def _exports(self, module_name: str, name: str, seen: set[str]) -> bool:
        """Whether a module has a global of that name, by itself or through its own star imports."""
        module = self.modules.get(module_name)
        if module is None or module_name in seen:
            return False
        if name in module.bound:
            return True
        seen.add(module_name)
        return any(
            not name.startswith("_") if star.module is None else self._exports(star.module, name, seen)
            for star in module.stars
        )
