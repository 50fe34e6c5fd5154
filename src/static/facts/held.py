"""Callables that a library object stores and calls later: a learning rate, an activation, a constraint.

They run when the object is used, in the trace of the step that uses it. So that call gets an edge to them.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..dataflow.calls import Calls
from ..ir.code import Binding, Call, FunctionCode
from ..ir.program import Cell, Program
from ..ir.solver import Node
from ..ir.values import SYMBOLIC, Bound, Box, Function, Instance, Partial, Thing, Value, Wrapped
from .allocation import Allocations
from .escape import receiver_of

#: The methods that run an object's stored callables, by the kind of the object.
_USES = {
    "optimizer": frozenset({"apply_gradients", "apply", "minimize", "__call__", "update_step"}),
    "layer": frozenset({"__call__", "call"}),
    "model": frozenset({"__call__", "call", "compute_loss"}),
    "metric": frozenset({"__call__", "update_state", "result"}),
}
#: Kinds of the project's classes whose instances a library calls.
_CALLED = frozenset({None, "learning_rate", "regularizer", "loss", "activation"})


def link_held(program: Program, calls: Calls, allocations: Allocations) -> None:
    """Add call edges from the uses of library objects to their stored callables. The graph must be solved."""
    holders = _Holders(program, calls, allocations)
    if not holders.held:
        return
    for code in program.functions:
        for call in code.calls:
            for held in holders.called_by(call):
                if any(known.code is held for known in call.targets):
                    continue
                binding = Binding(held, "held")
                if held.takes_self:
                    binding.arguments[0] = [holders.elsewhere]
                call.targets.append(binding)
                held.callers.append((call, binding))


class _Holders:
    """The callables that objects store, by allocation site."""

    def __init__(self, program: Program, calls: Calls, allocations: Allocations) -> None:
        self.calls = calls
        self.allocations = allocations
        #: The receiver of a stored method: it was created elsewhere and outlives the call.
        self.elsewhere = Node(0, Cell("an object that a library holds", None))
        self.held: dict[Call, set[FunctionCode]] = {}
        self.kinds: dict[Call, set[str]] = {}
        self.constraints: set[FunctionCode] = set()
        self._fill(program)

    def called_by(self, call: Call) -> Iterable[FunctionCode]:
        """The stored callables that this call runs, in source order."""
        found: set[FunctionCode] = set()
        for receiver, name in call.methods:
            kind = _kind(receiver)
            if kind is None or name not in _USES[kind]:
                continue
            node = call.function if name == "__call__" else receiver_of(call)
            sites = self.allocations.constructions(node) if node is not None else []
            if not sites:
                # The allocation site is unknown: it may be any object of this kind.
                sites = [site for site, kinds in self.kinds.items() if kind in kinds]
            for site in sites:
                found |= self.held.get(site, set())
            if kind == "optimizer":
                found |= self.constraints
        return sorted(found, key=lambda code: code.node.place)

    def _fill(self, program: Program) -> None:
        made = self.allocations.made()
        inner: dict[Call, set[Call]] = {}
        for site in made:
            self.kinds[site] = {kind for value in site.result.values if (kind := _kind(value)) is not None}
        for site in made:
            for name, node in _arguments(site):
                if "initializer" not in name:
                    # Initializers run once, when variables are created.
                    self._take(site, name, node, inner)
            if SYMBOLIC in {value for _, node in _arguments(site) for value in _flat(node)}:
                # A functional model: its layers were applied to symbolic tensors, mostly in the same function.
                inner.setdefault(site, set()).update(
                    other for other in made if other.owner is site.owner and "layer" in self.kinds[other]
                )
        for code in program.functions:
            for call in code.calls:
                receiver = receiver_of(call) if call.attribute == "add" and call.methods else None
                if receiver is not None:
                    for site in self.allocations.constructions(receiver):
                        for name, node in _arguments(call):
                            self._take(site, name, node, inner)
        grown = True
        while grown:
            grown = False
            for site, parts in inner.items():
                more = set().union(*[self.held.get(part, set()) for part in parts]) - self.held.get(site, set())
                if more:
                    self.held.setdefault(site, set()).update(more)
                    grown = True

    def _take(self, site: Call, name: str, node: Node, inner: dict[Call, set[Call]]) -> None:
        for value in _flat(node):
            code = self._callable(value)
            if code is not None:
                self.held.setdefault(site, set()).add(code)
                if "constraint" in name:
                    self.constraints.add(code)
        for each in _nodes(node):
            made = self.allocations.constructions(each)
            if made:
                inner.setdefault(site, set()).update(made)

    def _callable(self, value: Value) -> FunctionCode | None:
        while isinstance(value, (Wrapped, Partial)):
            value = value.inner if isinstance(value, Wrapped) else value.function
        if isinstance(value, (Function, Bound)):
            return value.code
        if isinstance(value, Instance) and value.code.kind in _CALLED:
            return self.calls.find_method(value.code, "__call__") or self.calls.find_method(value.code, "call")
        return None


def _kind(value: Value) -> str | None:
    kind = value.kind if isinstance(value, Thing) else value.code.kind if isinstance(value, Instance) else None
    return kind if kind in _USES else None


def _arguments(call: Call) -> Iterable[tuple[str, Node]]:
    yield from (("", node) for node in call.arguments)
    yield from call.keywords.items()


def _nodes(node: Node) -> list[Node]:
    """A node, and the nodes of the elements of its containers."""
    found = [node]
    for value in node.values:
        if isinstance(value, Box):
            found += [value.element, *value.fields.values()]
    return found


def _flat(node: Node) -> Iterable[Value]:
    return (value for each in _nodes(node) for value in each.values)
