"""The call graph: recursion, an order from callees to callers, and coverage by graph code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from ..ir.code import AttributeLoad, Binding, Call, FunctionCode, ModuleCode
from ..ir.program import Cell, Program
from ..ir.solver import Node
from ..ir.values import Bound, Function, Partial, Wrapped
from ..libraries.effects import effect_of_call

#: Modes in which a call runs its target as part of the caller's own trace.
TRACED_MODES = frozenset({"call", "wrapper", "held"})
#: Dataset methods that trace their function argument.
_MAPPING = frozenset({"filter", "flat_map", "interleave", "map", "take_while"})
_SESSIONS = frozenset({"tensorflow.InteractiveSession", "tensorflow.Session"})
_TESTS = re.compile(
    r"(^|/)(tests?|testing|test_utils)/|(^|/)test_[^/]*\.py$|_tests?(_lib|_utils?|_helpers?)?\.py$|(^|/)conftest\.py$"
)


def is_test(module: ModuleCode) -> bool:
    """Whether a module contains tests or test helpers, judging by its path."""
    return _is_test(module.file)


@lru_cache(maxsize=65536)
def _is_test(file: str) -> bool:
    return _TESTS.search(file) is not None


def calls_in_earnest(code: FunctionCode) -> list[tuple[Call, Binding]]:
    """The calls of a function, except those in tests, which do not show how the program calls it."""
    return [each for each in code.callers if not is_test(each[0].owner.module)]


class CallGraph:
    """Who calls whom."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.callees: dict[FunctionCode, list[tuple[Call, Binding]]] = {}
        for code in program.functions:
            edges = [(call, binding) for call in code.calls for binding in call.targets]
            if edges:
                self.callees[code] = edges
        self._traced: dict[FunctionCode, tuple[FunctionCode, ...]] = {}
        self.components = self._components()
        self.recursive = self._recursive()

    def targets(self, code: FunctionCode) -> Iterable[FunctionCode]:
        """The functions that ``code`` may call, each once."""
        return dict.fromkeys(binding.code for _, binding in self.callees.get(code, ()))

    def traced_targets(self, code: FunctionCode) -> tuple[FunctionCode, ...]:
        """The functions that run inside a trace of ``code``, each once."""
        found = self._traced.get(code)
        if found is None:
            edges = self.callees.get(code, ())
            found = tuple(dict.fromkeys(binding.code for _, binding in edges if binding.mode in TRACED_MODES))
            self._traced[code] = found
        return found

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
        """The functions that may be recursive: each with a call on the cycle, and whether the recursion is certain.

        It is certain if the cycle has one or two calls and each names its target. Cycles through objects, callbacks
        and closures may exist in the analysis only.
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
    """Whether a call names its target: a global or local ``def``, or a method of the caller's receiver.

    An operator does not name its target, which depends on the object.
    """
    function = call.function
    if function is None or len(function.values) != 1 or call.path == "implicit":
        return False
    origin = function.origin
    if isinstance(origin, Cell):
        return origin.name == target.name
    if isinstance(origin, AttributeLoad) and code.parameters and code.owner_class is not None:
        return origin.base is code.parameters[0].node and origin.attribute == target.name
    return function is target.node


def find_escapes(program: Program) -> set[FunctionCode]:
    """Mark the functions that escape to unknown code, and return those that a dataset maps over its elements.

    An unknown object with a call such as ``data.map(f)`` counts as a dataset.
    """
    mapped: set[FunctionCode] = set()
    for code in program.functions:
        for call in code.calls:
            if not call.unknown:
                continue
            handed = _mapped_over(call)
            if handed is not None:
                mapped.update(_functions_in(handed))
                continue
            for node in (*call.arguments, *call.keywords.values(), *(node for _, node in call.stars)):
                for each in _functions_in(node):
                    each.escapes = True
    return mapped


def _mapped_over(call: Call) -> Node | None:
    """The function argument of an unknown object's ``data.map(f)`` or ``data.scan(state, f)``; None for other calls."""
    if call.attribute in _MAPPING and len(call.arguments) == 1:
        return call.arguments[0]
    if call.attribute == "scan" and len(call.arguments) == 2 and not any(_functions_in(call.arguments[0])):
        return call.arguments[1]
    return None


def _functions_in(node: Node) -> Iterable[FunctionCode]:
    for value in node.values:
        inner = value.inner if isinstance(value, Wrapped) else value
        inner = inner.function if isinstance(inner, Partial) else inner
        if isinstance(inner, (Function, Bound)):
            yield inner.code


def find_scripts(modules: Iterable[ModuleCode]) -> set[ModuleCode]:
    """The modules that no other module imports and whose body calls functions."""
    known = list(modules)
    named = {name for module in known for name in module.imports}
    named |= {star.module for module in known for star in module.stars if star.module is not None}
    wanted: set[str] = set()
    for name in named:
        while name and name not in wanted:
            wanted.add(name)
            name = name.rpartition(".")[0]
    return {
        module
        for module in known
        if module.name not in wanted
        and any(call.targets and call.decorates is None for call in module.body.calls)
    }


def find_covered(program: Program, graph: CallGraph, mapped: set[FunctionCode]) -> set[FunctionCode]:
    """The functions that already run as graph code: graph code calls them, and no eager code does.

    Graph code is a `tf.function`, a function that a dataset maps, a function that builds a TensorFlow 1 graph, and the
    callees of these. Calls in tests do not count, nor calls in script functions that nothing calls. Eager code may call
    a function that escapes or has no known call.
    """
    unused = _find_unused(program, mapped)
    traced = {code for code in program.functions if code.hybrid is not None or _builds_graph(code)}
    eager: set[FunctionCode] = set()
    inside: set[FunctionCode] = set(mapped)
    for code in program.functions:
        if code.is_body or code.escapes:
            eager.add(code)
            continue
        calls = [each for each in calls_in_earnest(code) if each[0].owner not in unused]
        if not calls and code not in mapped and code not in unused:
            eager.add(code)
        modes = {binding.mode for _, binding in calls}
        if "graph" in modes or any(call.owner in traced for call, _ in calls):
            inside.add(code)
        if modes - TRACED_MODES - {"graph"}:
            eager.add(code)
    _reach(graph, eager, lambda code: code not in traced and not is_test(code.module))
    _reach(graph, inside, lambda code: True)
    return {code for code in inside - eager if code.hybrid is None}


def _reach(graph: CallGraph, found: set[FunctionCode], goes_on: Callable[[FunctionCode], bool]) -> None:
    """Add the transitive callees of ``found`` that are not separate graphs; ``goes_on`` says whose calls to follow."""
    pending = list(found)
    while pending:
        code = pending.pop()
        if not goes_on(code):
            continue
        for _, binding in graph.callees.get(code, ()):
            if binding.mode in ("call", "held") and binding.code not in found and binding.code.hybrid is None:
                found.add(binding.code)
                pending.append(binding.code)


def _builds_graph(code: FunctionCode) -> bool:
    """Whether a function builds a TensorFlow 1 graph, so that its callees do as well.

    A session alone does not count: many TensorFlow 2 programs open one only to configure devices.
    """
    return not code.is_body and any(
        effect_of_call(path) == "session" and path not in _SESSIONS
        for call in code.calls
        for path in call.externals
    )


def _find_unused(program: Program, mapped: set[FunctionCode]) -> set[FunctionCode]:
    """The functions of scripts that nothing calls, and those that only such functions call."""
    scripts = find_scripts(program.modules.values())
    held = [
        code
        for code in program.functions
        if code.module in scripts
        and code.kind in ("function", "nested")
        and not code.escapes
        and not code.decorators
        and code not in mapped
    ]
    unused: set[FunctionCode] = set()
    changed = True
    while changed:
        found = {code for code in held if all(call.owner in unused for call, _ in code.callers)}
        changed = found != unused
        unused = found
    return unused
