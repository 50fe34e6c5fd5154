"""One scope during lowering: its environment, and the targets of its names."""

from __future__ import annotations

import builtins

from ..ir.code import Branch, FunctionCode, ModuleCode, NameStore
from ..ir.program import Cell, Program
from ..ir.solver import LINES, Node
from ..reading.imports import Target, is_known
from ..reading.paths import canonical_path
from ..reading.scopes import Scope

BUILTINS = frozenset(dir(builtins)) | {"__file__", "__name__", "unicode", "xrange", "reduce"}

#: Builtins that ``from tensorflow import *`` hides.
SHADOWING = frozenset({"abs", "bool", "complex", "pow", "print", "range", "round", "slice"})


class Block:
    """A module's, class's or function's body while its statements are lowered.

    ``environment`` maps names to their nodes at the current statement (flow-sensitive). ``history`` keeps every node
    that a name was bound to, for the scopes that close over it. A name that several scopes bind (``global``,
    ``nonlocal``) is not in the environment: any call may change it, so it is read as other scopes read it.
    ``records`` collect all bindings in bodies that an exception may leave at any point. ``deep`` is ``is_deep`` of the
    source, and ``slotted`` says whether the source names ``__slots__``.
    """

    def __init__(
        self,
        program: Program,
        module: ModuleCode,
        code: FunctionCode,
        scope: Scope,
        parent: Block | None,
        deep: bool,
        slotted: bool,
    ) -> None:
        self.program = program
        self.module = module
        self.code = code
        self.scope = scope
        self.parent = parent
        self.deep = deep
        self.slotted = slotted
        self.is_module = code.kind == "module"
        self.is_class = code.kind == "class"
        self.base = module.index * LINES
        self.environment: dict[str, Node] = {}
        self.frames: list[dict[str, Node | None]] = []
        self.records: list[dict[str, dict[Node, None]]] = []
        self.history: dict[str, list[Node]] = {}
        self.cells: dict[str, Node] = {}
        self.targets: dict[str, Target | None] = {}
        self.aliases: dict[str, Target] = {}
        self.hidden: dict[str, list[Node]] = {}
        self.guard: Branch | None = None
        self.dead = False
        self.loops = 0

    # -- names read ---------------------------------------------------------------------------

    def load(self, name: str, line: int) -> Node:
        """The current node of ``name``."""
        node = self.environment.get(name)
        if node is not None:
            return node
        target = self.target_of(name)
        if target is not None:
            return self.load_target(target)
        if name in self.scope.outer:
            return self._load_outer(name, line, self.scope.outer[name])
        if name in self.scope.bound and not self.is_class:
            return self._unbound(name) or self.cell(name)
        return self._load_outer(name, line, False)

    def _unbound(self, name: str) -> Node | None:
        """The builtin that a module's name means before it is bound (``list = list()``), or None."""
        if self.is_module and name in BUILTINS and name not in self.scope.rebound:
            return self.program.external(f"builtins.{name}")
        return None

    def _load_outer(self, name: str, line: int, only_module: bool) -> Node:
        block = self.parent
        while block is not None:
            only_module = only_module or block.scope.outer.get(name, False)
            inner = not block.is_class and not only_module
            if block.is_module or (inner and (name in block.scope.bound or name in block.hidden)):
                node = block.cell(name)
                if self.code.kind != "class":
                    self.code.outer_reads.setdefault(node, line)
                return node
            block = block.parent
        return self.program.cell(self.module.name, name)

    def cell(self, name: str) -> Node:
        """The node through which other scopes read ``name`` of this one."""
        node = self.cells.get(name)
        if node is None:
            if self.is_module:
                node = self.program.cell(self.module.name, name)
            else:
                node = Node(self.base + self.code.line, Cell(name, self.code), name)
            self.cells[name] = node
            cell = node.origin
            assert isinstance(cell, Cell)
            for value in (*self.history.get(name, ()), *self.hidden.get(name, ())):
                self.program.graph.connect(value, node)
                cell.lines.append(value.line)
                cell.nodes.append(value)
        return node

    # -- what a name means --------------------------------------------------------------------

    def target_of(self, name: str) -> Target | None:
        """The module or library object to which ``name`` refers by imports alone, or None."""
        if name in self.hidden:
            return None
        if name in self.targets:
            return self.targets[name]
        found = self._find_target(name)
        self.targets[name] = found
        return found

    def _find_target(self, name: str) -> Target | None:
        scope = self.scope
        if name in scope.bound:
            if name in scope.rebound:
                return None
            alias = self.aliases.get(name)
            if alias is not None:
                return alias
            if name in scope.others or name not in scope.imports:
                return None
            return self._import_of(name)
        parent = self.parent
        if scope.outer.get(name, False):
            while parent is not None and not parent.is_module:
                parent = parent.parent
        if name not in scope.outer or not self.is_module:
            while parent is not None:
                if not parent.is_class:
                    return parent.target_of(name)
                parent = parent.parent
        stars = self.module.stars
        if stars and any(star.module is None for star in stars):
            shadowed = name in BUILTINS and not (
                name in SHADOWING and any(star.path == "tensorflow" for star in stars)
            )
            if not shadowed and all(star.module is None for star in stars):
                return Target(None, (), f"{stars[0].path}.{name}")
            if not shadowed:
                return None
        if name in BUILTINS:
            return Target(None, (), f"builtins.{name}")
        return None

    def _import_of(self, name: str) -> Target | None:
        """The target of a name's imports; None if only a run shows which of several applies."""
        found: dict[object, Target] = {}
        for dotted, symbol, level in self.scope.imports[name]:
            joined = f"{dotted}.{symbol}" if symbol and dotted else symbol or dotted
            target = self.program.resolver.resolve(self.module.name, joined, level)
            place = canonical_path(target.path) if target.module is None else (target.module, target.rest)
            found.setdefault(place, target)
        if len(found) > 1:
            # ``try: from .model import Net`` and ``except ImportError: from model import Net``: one leads nowhere.
            known = [target for target in found.values() if target.module is not None or is_known(target.path)]
            return known[0] if len(known) == 1 else None
        return next(iter(found.values()))

    def load_target(self, target: Target) -> Node:
        """The node of an import's target (without the attributes after its first symbol)."""
        program = self.program
        if target.module is None:
            return program.external(target.path)
        if target.rest:
            return program.cell(target.module, target.rest[0])
        package, _, name = target.module.rpartition(".")
        if package and package != self.module.name:
            # The package may bind the name to something else: `from .step import step` in its `__init__.py`.
            return program.cell(package, name)
        module = program.modules.get(target.module)
        if module is not None:
            return program.constant(module.value)
        return program.module_node(target.module)

    # -- names bound --------------------------------------------------------------------------

    def bind(self, name: str, node: Node, line: int) -> None:
        """Bind ``name`` to ``node`` from here on."""
        scope = self.scope
        if name in scope.outer:
            self._bind_outer(name, node, line, scope.outer[name])
            return
        if name not in scope.rebound:
            self._set(name, node)
        if self.is_module:
            cell_node = self.program.cell(self.module.name, name)
            self.program.graph.connect(node, cell_node)
            cell = cell_node.origin
            assert isinstance(cell, Cell)
            cell.lines.append(line)
            cell.looped = cell.looped or self.loops > 0
        else:
            self.history.setdefault(name, []).append(node)
            known = self.cells.get(name)
            if known is not None:
                self.program.graph.connect(node, known)
                assert isinstance(known.origin, Cell)
                known.origin.nodes.append(node)
                known.origin.lines.append(line)

    def _bind_outer(self, name: str, node: Node, line: int, is_global: bool) -> None:
        block = self.parent
        while block is not None and not (
            block.is_module if is_global else (not block.is_class and name in block.scope.bound)
        ):
            block = block.parent
        if block is None:
            return
        cell_node = block.cell(name)
        cell = cell_node.origin
        assert isinstance(cell, Cell)
        cell.rebound.append((self.code, line))
        if block.is_module:
            block.module.bound = block.module.bound | {name}
        event = NameStore(self.code, self.base + line, self.guard, name, cell_node, is_global)
        event.value = node
        self.code.events.append(event)
        self.program.graph.connect(node, cell_node)

    def _set(self, name: str, node: Node) -> None:
        environment = self.environment
        if self.frames:
            frame = self.frames[-1]
            if name not in frame:
                frame[name] = environment.get(name)
        if self.records:
            self.records[-1].setdefault(name, {})[node] = None
        environment[name] = node

    # -- branches and loops -------------------------------------------------------------------

    def open_frame(self) -> None:
        """Begin a branch: bindings from here on can be undone."""
        self.frames.append({})

    def close_frame(self) -> dict[str, Node]:
        """End a branch: return its bindings and restore the environment from before it."""
        frame = self.frames.pop()
        environment = self.environment
        changes: dict[str, Node] = {}
        for name, old in frame.items():
            changes[name] = environment[name]
            if old is None:
                del environment[name]
            else:
                environment[name] = old
        return changes

    def merge(self, branches: list[dict[str, Node] | None], line: int) -> None:
        """Join the bindings of branches (None: a branch that never reaches this point) and continue with them."""
        alive = [branch for branch in branches if branch is not None]
        if not alive:
            return
        if len(alive) == 1:
            for name, node in alive[0].items():
                self._set(name, node)
            return
        names: dict[str, None] = {}
        for branch in alive:
            names.update(dict.fromkeys(branch))
        for name in names:
            before = self.environment.get(name) or self._unbound(name)
            nodes: list[Node] = []
            for branch in alive:
                held = branch.get(name, before)
                if held is not None and held not in nodes:
                    nodes.append(held)
            if len(nodes) == 1:
                self._set(name, nodes[0])
            elif nodes:
                self._set(name, self.join(nodes, line))

    def open_record(self) -> None:
        """Begin to record all bindings."""
        self.records.append({})

    def close_record(self) -> dict[str, dict[Node, None]]:
        """End a record: return all nodes that each name was bound to since it began."""
        noted = self.records.pop()
        if self.records:
            for name, given in noted.items():
                self.records[-1].setdefault(name, {}).update(given)
        return noted

    def anywhere_in(self, noted: dict[str, dict[Node, None]], line: int) -> dict[str, Node]:
        """The bindings of a body that may have been left at any point; the environment must be that from before it."""
        found: dict[str, Node] = {}
        for name, given in noted.items():
            before = self.environment.get(name) or self._unbound(name)
            nodes = [*given] if before is None or before in given else [before, *given]
            found[name] = nodes[0] if len(nodes) == 1 else self.join(nodes, line)
        return found

    def rebind(self, changes: dict[str, Node]) -> None:
        """Continue with these bindings."""
        for name, node in changes.items():
            self._set(name, node)

    def recover(self) -> None:
        """Continue at the top of the scope after a statement that could not be lowered completely."""
        self.frames.clear()
        self.records.clear()
        self.guard = None
        self.dead = False
        self.loops = 0

    def join(self, nodes: list[Node], line: int) -> Node:
        """A node that joins ``nodes``: it holds the values of all of them."""
        joined = Node(self.base + line, nodes)
        for node in nodes:
            self.program.graph.connect(node, joined)
        return joined

    def open_loop(self, first: int, last: int) -> dict[str, Node]:
        """Begin a loop over these lines. Returns a node for each name that it binds: it joins the bindings from before
        the loop and from its iterations."""
        joined: dict[str, Node] = {}
        for name in self.scope.bound_between(first, last):
            before = self.environment.get(name)
            node = Node(self.base + first, [] if before is None else [before])
            if before is not None:
                self.program.graph.connect(before, node)
            joined[name] = node
            self._set(name, node)
        self.loops += 1
        return joined

    def close_loop(self, joined: dict[str, Node], done: bool) -> None:
        """End a loop (``done``), or one path through its body (``break``, ``continue``)."""
        for name, node in joined.items():
            last = self.environment.get(name)
            if last is not None and last is not node:
                assert isinstance(node.origin, list)
                if last not in node.origin:
                    node.origin.append(last)
                self.program.graph.connect(last, node)
            if done:
                self._set(name, node)
        if done:
            self.loops -= 1
