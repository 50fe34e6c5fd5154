"""Where a node's value comes from inside its function: what it is part of, and what it depends on.

Two questions, both answered backwards along the events that made the node. *Roots*: whose memory is
this object part of (a parameter's, a global's, an enclosing function's; none where the function made
it itself)? *Sources*: on the values of which parameters does it depend (static shapes do not count)?
"""

from __future__ import annotations

from dataclasses import dataclass

from .code import (
    AttributeLoad,
    Call,
    FunctionCode,
    ItemLoad,
    Iteration,
    Operation,
    ParameterCode,
    Unpacking,
)
from .graph import Node
from .program import Cell
from .values import (
    BOOLEAN,
    NONE,
    SCALARS,
    SHAPE,
    STRING,
    Box,
    Class,
    External,
    Function,
    Module,
)


@dataclass(frozen=True)
class Root:
    """Whose memory an object is part of: kind is parameter, global or outer."""

    kind: str
    name: str
    index: int = -1
    cell: Cell | None = None


_NOTHING: frozenset[Root] = frozenset()
_NO_INDEX: frozenset[int] = frozenset()

#: Container methods that hand out a part of the container.
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
#: What makes a new container of the same elements.
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


class Origins:
    """Answers both questions, each node once."""

    def __init__(self) -> None:
        self._roots: dict[tuple[Node, bool], frozenset[Root]] = {}
        self._sources: dict[Node, frozenset[int]] = {}
        self._indexes: dict[ParameterCode, int] = {}

    def index_of(self, code: FunctionCode, parameter: ParameterCode) -> int:
        """The position of a parameter."""
        index = self._indexes.get(parameter)
        if index is None:
            for position, known in enumerate(code.parameters):
                self._indexes[known] = position
            index = self._indexes.get(parameter, -1)
        return index

    # -- roots --------------------------------------------------------------------------------

    def roots(self, code: FunctionCode, node: Node, part: bool = False, depth: int = 0) -> frozenset[Root]:
        """The roots of what ``node`` holds in ``code``; with ``part``, of what can be taken out of it."""
        key = (node, part)
        found = self._roots.get(key)
        if found is not None:
            return found
        if depth > 40:
            return _NOTHING
        self._roots[key] = _NOTHING
        found = self._find_roots(code, node, part, depth + 1)
        self._roots[key] = found
        return found

    def _find_roots(self, code: FunctionCode, node: Node, part: bool, depth: int) -> frozenset[Root]:
        origin = node.origin
        if isinstance(origin, ParameterCode):
            index = self.index_of(code, origin)
            if origin.kind in ("star", "double star") and not part:
                # The tuple or dict itself is made for the call.
                return _NOTHING
            if index >= 0:
                return frozenset({Root("parameter", origin.name, index)})
            return frozenset({Root("outer", origin.name)})
        if origin is None and any(isinstance(value, (Module, Class)) for value in node.values):
            return frozenset({Root("global", node.label or "a module")})
        if isinstance(origin, Cell):
            if origin.owner is code:
                return _NOTHING
            kind = "global" if origin.owner is None else "outer"
            return frozenset({Root(kind, origin.name, -1, origin)})
        if isinstance(origin, list):
            found: frozenset[Root] = _NOTHING
            for inner in origin:
                found |= self.roots(code, inner, part, depth)
            return found
        if isinstance(origin, AttributeLoad):
            if any(isinstance(value, (Module, External)) for value in origin.base.values):
                return frozenset({Root("global", origin.attribute)})
            if any(isinstance(value, Class) for value in origin.base.values):
                return frozenset({Root("global", origin.attribute)})
            return self.roots(code, origin.base, True, depth)
        if isinstance(origin, ItemLoad):
            if origin.sliced and not part and all(isinstance(value, Box) for value in origin.base.values):
                # A slice of a list is a new list; one of an array is a view.
                return _NOTHING
            return self.roots(code, origin.base, True, depth)
        if isinstance(origin, Iteration):
            return self.roots(code, origin.iterable, origin.context != "with", depth)
        if isinstance(origin, Unpacking):
            return self.roots(code, origin.source, True, depth)
        if isinstance(origin, Box) and part:
            found = self.roots(code, origin.element, True, depth)
            for held in tuple(origin.fields.values()):
                found |= self.roots(code, held, True, depth)
            return found
        if isinstance(origin, Operation) and origin.in_place:
            return self.roots(code, origin.operands[0], part, depth)
        if isinstance(origin, Call):
            return self._roots_of_call(code, origin, part, depth)
        return _NOTHING

    def _roots_of_call(self, code: FunctionCode, call: Call, part: bool, depth: int) -> frozenset[Root]:
        found: frozenset[Root] = _NOTHING
        if call.path == "builtins.super" and code.parameters:
            return self.roots(code, code.parameters[0].node, part, depth)
        if call.path in _PASSING or (part and call.path in _COPYING):
            for node in call.arguments:
                found |= self.roots(code, node, True, depth)
            return found
        if call.methods and call.attribute in _PARTS:
            receiver = receiver_of(call)
            if receiver is not None:
                found |= self.roots(code, receiver, True, depth)
        for binding in call.targets:
            if binding.mode != "call" or binding.code.name == "__init__":
                continue
            for root in self.roots(binding.code, binding.code.returns, False, depth):
                if root.kind == "parameter":
                    for node in binding.arguments.get(root.index, ()):
                        found |= self.roots(code, node, True, depth)
                elif root.kind == "global":
                    found |= {root}
        return found

    # -- sources ------------------------------------------------------------------------------

    def sources(self, code: FunctionCode, node: Node, depth: int = 0) -> frozenset[int]:
        """The positions of the parameters on whose values the value of ``node`` depends."""
        found = self._sources.get(node)
        if found is not None:
            return found
        if depth > 60:
            return _NO_INDEX
        self._sources[node] = _NO_INDEX
        found = self._find_sources(code, node, depth + 1)
        self._sources[node] = found
        return found

    def _find_sources(self, code: FunctionCode, node: Node, depth: int) -> frozenset[int]:
        values = node.values
        if values and all(value in _STATIC_VALUES for value in values):
            return _NO_INDEX
        origin = node.origin
        if isinstance(origin, ParameterCode):
            index = self.index_of(code, origin)
            return frozenset({index}) if index >= 0 else _NO_INDEX
        if isinstance(origin, list):
            return self._union(code, origin, depth)
        if isinstance(origin, AttributeLoad):
            if origin.attribute in _STATIC_ATTRIBUTES:
                return _NO_INDEX
            return self.sources(code, origin.base, depth)
        if isinstance(origin, ItemLoad):
            return self.sources(code, origin.base, depth)
        if isinstance(origin, Operation):
            return self._union(code, list(origin.operands), depth)
        if isinstance(origin, Iteration):
            return self.sources(code, origin.iterable, depth)
        if isinstance(origin, Unpacking):
            return self.sources(code, origin.source, depth)
        if isinstance(origin, Box):
            return self._union(code, [origin.element, *origin.fields.values()], depth)
        if isinstance(origin, Call):
            return self._sources_of_call(code, origin, depth)
        if origin is None and node.successors is None:
            return _NO_INDEX
        return _NO_INDEX

    def _union(self, code: FunctionCode, nodes: list[Node], depth: int) -> frozenset[int]:
        found = _NO_INDEX
        for node in nodes:
            found |= self.sources(code, node, depth)
        return found

    def _sources_of_call(self, code: FunctionCode, call: Call, depth: int) -> frozenset[int]:
        if call.path in _STATIC_FUNCTIONS or call.attribute in ("get_shape", "as_list"):
            return _NO_INDEX
        if call.path is not None and call.path.startswith(("numpy.", "scipy.")):
            # What NumPy makes is an array of its own; where it needs a tensor's value, that is the hazard.
            return _NO_INDEX
        found = _NO_INDEX
        mapped = False
        for binding in call.targets:
            if binding.mode != "call":
                continue
            mapped = True
            for index in self.sources(binding.code, binding.code.returns, depth):
                for node in binding.arguments.get(index, ()):
                    found |= self.sources(code, node, depth)
        if mapped:
            return found
        nodes = [*call.arguments, *(node for _, node in call.stars), *call.keywords.values()]
        receiver = receiver_of(call)
        if receiver is not None and not any(isinstance(value, Function) for value in receiver.values):
            nodes.append(receiver)
        return self._union(code, nodes, depth)


def receiver_of(call: Call) -> Node | None:
    """The node of ``x`` in the call ``x.method(…)``."""
    if call.function is not None and isinstance(call.function.origin, AttributeLoad):
        return call.function.origin.base
    return None


__all__ = ["SCALARS", "Origins", "Root", "receiver_of"]
