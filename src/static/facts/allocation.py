"""Allocation sites: whether a function receives the same object in each call, or a new one in later calls.

Only objects that own variables or may create them matter: models, layers, optimizers, metrics, modules, and objects
that hold one. A ``tf.function`` that receives a second one is traced again, and may then create variables, which
TensorFlow forbids.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..ir.code import AttributeLoad, Call, ClassCode, FunctionCode, Iteration, Mark, ParameterCode
from ..ir.program import Cell, Program
from ..ir.solver import LINES, Node
from ..ir.values import NONE, STRUCTURES, UNKNOWN, VARIABLE, Box, Instance, Thing, Value
from ..ir.words import Made, Special
from ..libraries.results import describe_result

_OWNERS = frozenset({"model", "layer", "optimizer", "metric", "module", "moving_average"})
_MAKING = (Special("model"), Special("lambda_layer"))
_BUILDERS = frozenset({"__init__", "__post_init__", "build"})


class Allocations:
    """The allocation sites of objects that own variables, and how often each runs."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._owning = _owning_classes(program)
        #: Calls that create an owner of variables or an instance of a class of the project, by their result nodes.
        self._sites: dict[Node, Call] = {}
        self._returning: dict[Node, FunctionCode] = {}
        self._sources: dict[Node, list[Node]] = {}
        self._loops: dict[FunctionCode, list[tuple[int, int]]] = {}
        for code in program.functions:
            self._returning[code.returns] = code
            for call in code.calls:
                if self._makes(call):
                    self._sites[call.result] = call
        self._constructed: dict[Node, list[Call]] = {}
        followed: dict[Value, set[Node]] = {}
        for node in self._sites:
            self._follow(node, followed)

    def made(self) -> list[Call]:
        """All allocation sites."""
        return list(self._sites.values())

    def owns(self, value: Value) -> bool:
        """Whether an object owns variables, or may create some when it is used."""
        if isinstance(value, Thing):
            return value.kind in _OWNERS
        return isinstance(value, Instance) and value.code in self._owning

    def renewed(self, code: FunctionCode, index: int) -> Call | None:
        """The call that creates a new object for a parameter that had another one in an earlier call, or None."""
        nodes = list(self._held(code.parameters[index].node))
        if not nodes:
            return None
        scope = _Scope(self, code)
        made = self.sites(nodes)
        for site in made:
            if scope.makes_again(site):
                return site
        if len(made) < 2:
            return None
        given: list[tuple[Call, list[Call]]] = []
        for call, binding in code.callers:
            found = self.sites(node for each in binding.arguments.get(index, ()) for node in self._held(each))
            for other, known in given:
                if found and known and set(found).isdisjoint(known) and _follow_each_other(call, other):
                    return found[0]
            given.append((call, found))
        return None

    def sites(self, nodes: Iterable[Node]) -> list[Call]:
        """The calls that created the objects in these nodes; for a factory function, the call of the factory."""
        return sorted(dict.fromkeys(maker or site for site, maker in self._made(nodes)), key=lambda call: call.place)

    def constructions(self, node: Node) -> list[Call]:
        """The constructor calls that created the objects in a node."""
        found = self._constructed.get(node)
        if found is None:
            found = sorted(dict.fromkeys(site for site, _ in self._made([node])), key=lambda call: call.place)
            self._constructed[node] = found
        return found

    def _made(self, nodes: Iterable[Node]) -> Iterable[tuple[Call, Call | None]]:
        """Each constructor call, with the call of the factory function that returned the new object, if any."""
        pending: list[tuple[Node, Call | None]] = [(node, None) for node in nodes]
        seen = set(pending)
        while pending:
            node, maker = pending.pop()
            site = self._sites.get(node)
            if site is not None:
                yield site, maker
            for step in self._back(node, maker):
                if step not in seen:
                    seen.add(step)
                    pending.append(step)

    # -- flow ---------------------------------------------------------------------------------

    def _makes(self, call: Call) -> bool:
        if any(name == "__init__" and value in call.result.values for value, name in call.methods):
            return True
        words = (describe_result(path) for path in call.externals)
        return any(word.kind in _OWNERS if isinstance(word, Made) else word in _MAKING for word in words)

    def _follow(self, site: Node, followed: dict[Value, set[Node]]) -> None:
        """Record from which nodes each node received the objects created at ``site``.

        ``followed`` are the nodes, by value, that were left already. A class is constructed in many places, and from
        where two of its objects meet they go the same way.
        """
        for value in site.values:
            if not (isinstance(value, Instance) or self.owns(value)):
                continue
            seen = followed.setdefault(value, set())
            pending = [] if site in seen else [site]
            seen.add(site)
            while pending:
                node = pending.pop()
                for target in node.successors or ():
                    if value in target.values:
                        sources = self._sources.setdefault(target, [])
                        if node not in sources:
                            sources.append(node)
                        if target not in seen:
                            seen.add(target)
                            pending.append(target)

    def _held(self, node: Node) -> Iterable[Node]:
        """The node, if it holds owners of variables, and those fields of its structures that do."""
        if self._holds_owner(node):
            yield node
        for value in node.values:
            if isinstance(value, Box) and value.kind in STRUCTURES:
                yield from (field for field in value.fields.values() if self._holds_owner(field))

    def _holds_owner(self, node: Node) -> bool:
        """Whether a node holds owners of variables only.

        If it also holds tensors or numbers, the analysis has merged the arguments of several callers of a helper.
        """
        values = [value for value in node.values if value is not NONE and value is not UNKNOWN]
        return bool(values) and all(self.owns(value) for value in values)

    def _back(self, node: Node, maker: Call | None) -> Iterable[tuple[Node, Call | None]]:
        origin = node.origin
        if isinstance(origin, ParameterCode) and maker is not None:
            for binding in maker.targets:
                if binding.code is origin.owner:
                    # The argument of the factory comes from the call of the factory.
                    index = binding.code.parameters.index(origin)
                    yield from ((given, None) for given in binding.arguments.get(index, ()))
                    return
        sources = self._sources.get(node, ())
        if not sources and isinstance(origin, AttributeLoad):
            # A part of a library's object, such as the optimizer of a compiled model.
            yield origin.base, maker
        if origin is None or isinstance(origin, Cell):
            # It was stored in an attribute, a container or a global, so the call that it was created for is unknown.
            maker = None
        for source in sources:
            if source in self._returning and isinstance(origin, Call):
                yield source, maker or origin
            else:
                yield source, maker

    def loop_around(self, code: FunctionCode, line: int) -> tuple[int, int] | None:
        """The innermost loop of ``code`` around a line, as its first and last line; None outside of loops."""
        if code not in self._loops:
            self._loops[code] = _loops(code)
        return max((loop for loop in self._loops[code] if loop[0] <= line <= loop[1]), default=None)


class _Scope:
    """The lifetime of a trace: that of its function object, and for a method that of its instance."""

    def __init__(self, allocations: Allocations, code: FunctionCode) -> None:
        self.allocations = allocations
        self.family: set[ClassCode] = set()
        if code.takes_self and code.owner_class is not None:
            order = code.owner_class.order
            for each in allocations.program.classes:
                if each in order or code.owner_class in each.order:
                    self.family.add(each)
        self.once: dict[FunctionCode, bool] = {}
        inner = code
        while inner.parent is not None:
            # Each call of the enclosing function creates a new object of the inner function.
            self.once[inner.parent] = inner.in_loop
            inner = inner.parent

    def makes_again(self, site: Call) -> bool:
        """Whether an allocation site runs again while the function keeps its traces."""
        if self._is_looped(site) and not self.once.get(site.owner, False):
            return True
        return self._runs_again(site.owner, set())

    def _runs_again(self, code: FunctionCode, seen: set[FunctionCode]) -> bool:
        if code in seen or code in self.once or code.kind == "module":
            return False
        seen.add(code)
        if code.kind == "class":
            return code.parent is not None and self._runs_again(code.parent, seen)
        if code.owner_class in self.family and code.name in _BUILDERS:
            return False
        calls = [(call, binding) for call, binding in code.callers if binding.mode == "call"]
        earlier: list[Call] = []
        for call, binding in calls:
            if code.owner_class in self.family and self._is_new(call, binding.arguments.get(0, ())):
                continue
            if self._is_looped(call) or self._runs_again(call.owner, seen):
                return True
            if any(_follow_each_other(call, other) for other in earlier):
                return True
            earlier.append(call)
        return False

    def _is_looped(self, call: Call) -> bool:
        """Whether a call is inside a loop, and not under a flag in it that tells whether it ran already."""
        if not call.in_loop:
            return False
        loop = self.allocations.loop_around(call.owner, call.place % LINES)
        guard = call.guard
        while guard is not None and loop is not None and guard.place % LINES >= loop[0]:
            if guard.flag and guard.kind in ("if", "ifexp"):
                return False
            guard = guard.guard
        return True

    def _is_new(self, call: Call, receivers: Iterable[Node]) -> bool:
        """Whether each iteration also creates the receiver of this call, which then has its own traces."""
        around = self.allocations.loop_around
        made = self.allocations.sites(receivers)
        return bool(made) and all(
            site.owner is call.owner
            and around(call.owner, site.place % LINES) == around(call.owner, call.place % LINES)
            for site in made
        )


def _follow_each_other(one: Call, other: Call) -> bool:
    """Whether one run of a function executes both calls, as far as their guards tell."""
    if one is other or one.owner is not other.owner or one.guard is not other.guard:
        return False
    guard = one.guard
    return guard is None or not guard.divides(one.place % LINES, other.place % LINES)


def _loops(code: FunctionCode) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for event in code.events:
        is_for = isinstance(event, Iteration) and event.context in ("for", "async for", "comprehension")
        if is_for or (isinstance(event, Mark) and event.kind == "loop"):
            assert isinstance(event, (Iteration, Mark))
            found.append((event.place % LINES, event.end))
    return found


def _owning_classes(program: Program) -> set[ClassCode]:
    """The project's classes whose instances own variables, by their kind or by the values of their attributes."""
    found = {code for code in program.classes if code.kind in _OWNERS}

    def holds(code: ClassCode) -> bool:
        values = [value for node in code.instance_attributes.values() for value in node.values]
        return any(
            value is VARIABLE
            or (isinstance(value, Thing) and value.kind in _OWNERS)
            or (isinstance(value, Instance) and value.code in found)
            for value in values
        )

    grown = True
    while grown:
        more = {code for code in program.classes if code not in found and (holds(code) or found & set(code.order[1:]))}
        grown = bool(more)
        found |= more
    return found
