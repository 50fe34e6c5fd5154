"""Escape and dependence analysis of the nodes of a function.

Both follow the events that created a node backwards. The *roots* of a node own the memory of its object: parameters,
globals or variables of enclosing functions; an object that the function created has none. The *sources* of a node
are the parameters on whose values it depends (static shapes do not count).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..ir.code import AttributeLoad, Call, FunctionCode, ItemLoad, Iteration, Operation, ParameterCode, Unpacking
from ..ir.program import Cell
from ..ir.solver import Node
from ..ir.values import BOOLEAN, NONE, SHAPE, STRING, Box, Class, External, Function, Module
from .fixpoint import Fixpoint


@dataclass(frozen=True)
class Root:
    """An owner of an object's memory; ``kind`` is "parameter", "global" or "outer"."""

    kind: str
    name: str
    index: int = -1
    cell: Cell | None = None


_NOTHING: frozenset[Root] = frozenset()
_NO_INDEX: frozenset[int] = frozenset()

#: Container methods that return a part of the container.
_PARTS = frozenset(
    {
        "get",
        "pop",
        "popleft",
        "setdefault",
        "values",
        "items",
        "keys",
        "__getitem__",
        "__iter__",
        "__next__",
        "most_common",
    }
)
_PASSING = frozenset(
    {
        "builtins.enumerate",
        "builtins.zip",
        "builtins.reversed",
        "builtins.iter",
        "builtins.next",
        "builtins.getattr",
        "builtins.max",
        "builtins.min",
        "builtins.filter",
        "itertools.chain",
    }
)
#: Functions that return a new container of the same elements.
_COPYING = frozenset(
    {
        "builtins.sorted",
        "builtins.list",
        "builtins.tuple",
        "builtins.dict",
        "builtins.set",
        "copy.copy",
        "collections.OrderedDict",
        "collections.deque",
    }
)
#: Attributes and functions of a tensor that are known while tracing.
_STATIC_ATTRIBUTES = frozenset({"shape", "dtype", "ndim", "name", "rank", "device", "get_shape"})
_STATIC_FUNCTIONS = frozenset(
    {
        "builtins.len",
        "builtins.isinstance",
        "builtins.type",
        "builtins.hasattr",
        "builtins.callable",
        "builtins.id",
        "builtins.range",
        "keras.backend.int_shape",
        "keras.backend.ndim",
        "tensorflow.is_tensor",
        "tensorflow.get_static_value",
        "numpy.shape",
        "numpy.ndim",
    }
)
_STATIC_VALUES = {SHAPE, BOOLEAN, NONE, STRING}


#: The keys of the fixpoints: function and node; for roots also whether the object's parts are meant.
_RootKey = tuple[FunctionCode, Node, bool]
_SourceKey = tuple[FunctionCode, Node]
_AskRoots = Callable[[_RootKey], frozenset[Root]]
_AskSources = Callable[[_SourceKey], frozenset[int]]


class Origins:
    """The roots and sources of nodes: least fixpoints, because loops and recursion make nodes depend on each other."""

    def __init__(self) -> None:
        self._roots: Fixpoint[_RootKey, Root] = Fixpoint(_find_roots)
        self._sources: Fixpoint[_SourceKey, int] = Fixpoint(_find_sources)

    def roots(self, code: FunctionCode, node: Node, part: bool = False) -> frozenset[Root]:
        """The roots of the object in ``node`` of ``code``; with ``part``, those of its elements."""
        return self._roots.solve((code, node, part))

    def sources(self, code: FunctionCode, node: Node) -> frozenset[int]:
        """The positions of the parameters that the value of ``node`` depends on."""
        return self._sources.solve((code, node))


def _index_of(code: FunctionCode, parameter: ParameterCode) -> int:
    """The position of a parameter; -1 for one of another function."""
    if parameter.owner is not code:
        return -1
    return next((index for index, known in enumerate(code.parameters) if known is parameter), -1)


# -- roots ------------------------------------------------------------------------------------


def _find_roots(key: _RootKey, ask: _AskRoots) -> frozenset[Root]:
    code, node, part = key
    origin = node.origin
    if isinstance(origin, ParameterCode):
        index = _index_of(code, origin)
        if origin.kind in ("star", "double star") and not part:
            # Each call creates the tuple or dict itself.
            return _NOTHING
        if index >= 0:
            return frozenset({Root("parameter", origin.name, index)})
        return frozenset({Root("outer", origin.name)})
    if origin is None and any(isinstance(value, (Module, Class)) for value in node.values):
        return frozenset({Root("global", node.label or "a module")})
    if isinstance(origin, Cell):
        if origin.owner is code:
            return _NOTHING.union(*[ask((code, bound, part)) for bound in origin.nodes])
        kind = "global" if origin.owner is None else "outer"
        return frozenset({Root(kind, origin.name, -1, origin)})
    if isinstance(origin, list):
        return _NOTHING.union(*[ask((code, inner, part)) for inner in origin])
    if isinstance(origin, AttributeLoad):
        if any(isinstance(value, (Module, External, Class)) for value in origin.base.values):
            return frozenset({Root("global", origin.attribute)})
        return ask((code, origin.base, True))
    if isinstance(origin, ItemLoad):
        if origin.sliced and not part and all(isinstance(value, Box) for value in origin.base.values):
            # A slice of a list is a new list; one of an array is a view.
            return _NOTHING
        return ask((code, origin.base, True))
    if isinstance(origin, Iteration):
        return ask((code, origin.iterable, origin.context != "with"))
    if isinstance(origin, Unpacking):
        return ask((code, origin.source, True))
    if isinstance(origin, Box) and part:
        return _NOTHING.union(*[ask((code, held, True)) for held in (origin.element, *origin.fields.values())])
    if isinstance(origin, Operation) and origin.in_place:
        return ask((code, origin.operands[0], part))
    if isinstance(origin, Call):
        return _roots_of_call(code, origin, part, ask)
    return _NOTHING


def _roots_of_call(code: FunctionCode, call: Call, part: bool, ask: _AskRoots) -> frozenset[Root]:
    if call.path == "builtins.super" and code.parameters:
        return ask((code, code.parameters[0].node, part))
    if call.path in _PASSING or (part and call.path in _COPYING):
        return _NOTHING.union(*[ask((code, node, True)) for node in call.arguments])
    found: set[Root] = set()
    if call.methods and call.attribute in _PARTS:
        receiver = receiver_of(call)
        if receiver is not None:
            found |= ask((code, receiver, True))
    for binding in call.targets:
        if binding.mode != "call" or binding.code.name == "__init__":
            continue
        for root in ask((binding.code, binding.code.returns, False)):
            if root.kind == "parameter":
                for node in binding.arguments.get(root.index, ()):
                    found |= ask((code, node, True))
            elif root.kind == "global":
                found.add(root)
    return frozenset(found)


# -- sources ----------------------------------------------------------------------------------


def _find_sources(key: _SourceKey, ask: _AskSources) -> frozenset[int]:
    code, node = key
    while True:
        values = node.values
        if values and _STATIC_VALUES.issuperset(values):
            return _NO_INDEX
        origin = node.origin
        # A part depends on what its whole depends on. The whole existed before the part, so this comes to an end.
        if isinstance(origin, (AttributeLoad, ItemLoad)):
            if isinstance(origin, AttributeLoad) and origin.attribute in _STATIC_ATTRIBUTES:
                return _NO_INDEX
            node = origin.base
        elif isinstance(origin, Iteration):
            node = origin.iterable
        elif isinstance(origin, Unpacking):
            node = origin.source
        else:
            break
    if isinstance(origin, ParameterCode):
        index = _index_of(code, origin)
        return frozenset({index}) if index >= 0 else _NO_INDEX
    if isinstance(origin, Call):
        return _sources_of_call(code, origin, ask)
    parts: Iterable[Node] = ()
    if isinstance(origin, list):
        parts = origin
    elif isinstance(origin, Cell) and origin.owner is code:
        parts = origin.nodes
    elif isinstance(origin, Operation):
        parts = origin.operands
    elif isinstance(origin, Box):
        parts = (origin.element, *origin.fields.values())
    return _NO_INDEX.union(*[ask((code, part)) for part in parts])


def _sources_of_call(code: FunctionCode, call: Call, ask: _AskSources) -> frozenset[int]:
    if call.path in _STATIC_FUNCTIONS or call.attribute in ("get_shape", "as_list"):
        return _NO_INDEX
    if call.path is not None and call.path.startswith(("numpy.", "scipy.")):
        # NumPy returns a new array. If it needs a tensor's value, that is a hazard itself.
        return _NO_INDEX
    nodes: list[Node] = []
    mapped = False
    for binding in call.targets:
        if binding.mode != "call":
            continue
        mapped = True
        for index in ask((binding.code, binding.code.returns)):
            nodes += binding.arguments.get(index, ())
    if not mapped:
        nodes += [*call.arguments, *(node for _, node in call.stars), *call.keywords.values()]
        receiver = receiver_of(call)
        if receiver is not None and not any(isinstance(value, Function) for value in receiver.values):
            nodes.append(receiver)
    return _NO_INDEX.union(*[ask((code, node)) for node in nodes])


def receiver_of(call: Call) -> Node | None:
    """The node of ``x`` in the call ``x.method(…)``."""
    if call.function is not None and isinstance(call.function.origin, AttributeLoad):
        return call.function.origin.base
    return None


__all__ = ["Origins", "Root", "receiver_of"]
