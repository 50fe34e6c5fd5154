"""The call graph: recursion, an order from callees to callers, and coverage by graph code."""

from __future__ import annotations

from collections.abc import Iterable

from ..ir.code import AttributeLoad, Binding, Call, FunctionCode
from ..ir.program import Cell, Program
from ..ir.solver import Node
from ..ir.values import Bound, Function, Partial, Wrapped

#: Modes in which a call runs its target as part of the caller's own trace.
TRACED_MODES = frozenset({"call", "wrapper", "held"})
#: Methods of datasets that trace the function that they are given.
_MAPPING = frozenset({"filter", "flat_map", "interleave", "map", "scan", "take_while"})


class CallGraph:
    """Who calls whom."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.callees: dict[FunctionCode, list[tuple[Call, Binding]]] = {}
        for code in program.functions:
            edges = [(call, binding) for call in code.calls for binding in call.targets]
            if edges:
                self.callees[code] = edges
        self.components = self._components()
        self.recursive = self._recursive()

    def targets(self, code: FunctionCode) -> Iterable[FunctionCode]:
        """The functions that ``code`` may call, each once."""
        return dict.fromkeys(binding.code for _, binding in self.callees.get(code, ()))

    def traced_targets(self, code: FunctionCode) -> list[FunctionCode]:
        """The functions that run inside a trace of ``code``, each once."""
        return list(
            dict.fromkeys(
                binding.code for _, binding in self.callees.get(code, ()) if binding.mode in TRACED_MODES
            )
        )

    def _components(self) -> list[list[FunctionCode]]:
        """Strongly connected components, callees first (Tarjan's algorithm without recursion)."""
        index: dict[FunctionCode, int] = {}
        low: dict[FunctionCode, int] = {}
        on_stack: set[FunctionCode] = set()
        stack: list[FunctionCode] = []
        found: list[list[FunctionCode]] = []
        for root in self.program.functions:
            if root in index:
                continue
            index[root] = low[root] = len(index)
            stack.append(root)
            on_stack.add(root)
            work = [(root, iter(self.traced_targets(root)))]
            while work:
                code, targets = work[-1]
                for target in targets:
                    if target not in index:
                        index[target] = low[target] = len(index)
                        stack.append(target)
                        on_stack.add(target)
                        work.append((target, iter(self.traced_targets(target))))
                        break
                    if target in on_stack:
                        low[code] = min(low[code], index[target])
                else:
                    work.pop()
                    if work:
                        parent = work[-1][0]
                        low[parent] = min(low[parent], low[code])
                    if low[code] == index[code]:
                        component: list[FunctionCode] = []
                        while True:
                            member = stack.pop()
                            on_stack.discard(member)
                            component.append(member)
                            if member is code:
                                break
                        found.append(component)
        return found

    def _recursive(self) -> dict[FunctionCode, tuple[Call, bool]]:
        """The functions that may call themselves: a call that leads back, and whether that is certain.

        It is where each step of a cycle of one or two names the next function; cycles through objects,
        callbacks and closures may exist in the analysis alone.
        """
        found: dict[FunctionCode, tuple[Call, bool]] = {}
        for component in self.components:
            members = set(component)
            direct: dict[FunctionCode, dict[FunctionCode, Call]] = {}
            for code in component:
                for call, binding in self.callees.get(code, ()):
                    if binding.mode not in TRACED_MODES or binding.code not in members:
                        continue
                    if len(component) > 1 or binding.code is code:
                        found.setdefault(code, (call, False))
                    if names_target(code, call, binding.code):
                        direct.setdefault(code, {}).setdefault(binding.code, call)
            for code, targets in direct.items():
                for target, call in targets.items():
                    if target is code or code in direct.get(target, ()):
                        found[code] = (call, True)
        return found


def names_target(code: FunctionCode, call: Call, target: FunctionCode) -> bool:
    """Whether a call names the function that it reaches: by a global's or a local ``def``'s name, or as a
    method of the caller's own receiver."""
    function = call.function
    if function is None or len(function.values) != 1:
        return False
    origin = function.origin
    if isinstance(origin, Cell):
        return origin.name == target.name
    if isinstance(origin, AttributeLoad) and code.parameters and code.owner_class is not None:
        return origin.base is code.parameters[0].node and origin.attribute == target.name
    return function is target.node


def find_escapes(program: Program) -> set[FunctionCode]:
    """Mark the functions that code outside of the analysis may call, and give those that a dataset's method maps.

    An object that nobody knows and that maps a function over itself (``data.map(f)``) is taken for a dataset.
    """
    mapped: set[FunctionCode] = set()
    for code in program.functions:
        for call in code.calls:
            if not call.unknown:
                continue
            if call.attribute in _MAPPING and len(call.arguments) == 1:
                mapped.update(_functions_in(call.arguments[0]))
                continue
            for node in (*call.arguments, *call.keywords.values(), *(node for _, node in call.stars)):
                for each in _functions_in(node):
                    each.escapes = True
    return mapped


def _functions_in(node: Node) -> Iterable[FunctionCode]:
    for value in node.values:
        inner = value.inner if isinstance(value, Wrapped) else value
        inner = inner.function if isinstance(inner, Partial) else inner
        if isinstance(inner, (Function, Bound)):
            yield inner.code


def find_covered(program: Program, graph: CallGraph, mapped: set[FunctionCode]) -> set[FunctionCode]:
    """The functions that run as graph code already: every caller is hybrid or covered itself, or a dataset's ``map``.

    The least fixpoint: a function that nobody is known to call, or that escapes, is not covered.
    """
    covered: set[FunctionCode] = set()
    candidates = {
        code
        for code in program.functions
        if (code.callers or code in mapped) and not code.escapes and not code.is_body
    }
    changed = True
    while changed:
        changed = False
        for code in candidates - covered:
            if code.hybrid is None and all(
                binding.mode == "graph"
                or (
                    binding.mode in TRACED_MODES
                    and (call.owner.hybrid is not None or call.owner in covered)
                )
                for call, binding in code.callers
                if binding.mode != "wrapper"
            ):
                covered.add(code)
                changed = True
    return covered

