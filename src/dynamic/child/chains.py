"""Finds the state that a function's source reads and that outlives its call: names, their attributes and items.

A chain starts at a parameter, a global or a variable of an enclosing function, and leads through attributes and items
to a value: ``self.schedule.epoch``, ``state['rate']``. A local name that is an alias of a chain is replaced by it. For
a read from anything else (the result of a call), only the attribute's name is known.
"""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Iterator
from dataclasses import dataclass, field

#: A step of a chain: "." and an attribute, "[" and a literal key, "*" and None for any item.
Step = tuple[str, object]
# Longer chains, and further chains of one expression, are cut off; `Reads.cut` has the line.
_LONGEST, _MOST = 30, 100
# Functions that read all attributes of their argument.
_WHOLE_OBJECT = frozenset({"vars", "asdict", "astuple"})
_TRANSPARENT = frozenset({"reversed", "sorted", "list", "tuple", "iter", "set"})


@dataclass(frozen=True)
class Chain:
    """A name and the steps from it."""

    name: str
    steps: tuple[Step, ...] = ()

    def then(self, kind: str, key: object) -> Chain:
        """The chain with one more step."""
        return Chain(self.name, (*self.steps, (kind, key)))

    def __str__(self) -> str:
        text = self.name
        for kind, key in self.steps:
            text += f".{key}" if kind == "." else f"[{key!r}]" if kind == "[" else "[…]"
        return text


@dataclass(frozen=True)
class Read:
    """One read. ``use`` is the use of the value.

    "used": its content counts. "called", "held": its identity counts. "passed": its content counts unless
    ``receiver``, the called function, belongs to the project, because that function's reads are recorded separately.
    "attributes": all attributes of the object count.
    """

    chain: Chain
    line: int
    use: str
    receiver: Chain | None = None


@dataclass
class Reads:
    """All reads of a function; ``loose`` are the attributes read from values without a chain, each with a line.

    ``cut`` is the line of an expression with too many or too long chains; else 0.
    """

    chains: set[Read] = field(default_factory=set)
    loose: dict[str, int] = field(default_factory=dict)
    cut: int = 0


@functools.lru_cache(maxsize=4096)
def reads_of(code: types.CodeType) -> Reads:
    """The reads of the function with this code object; without its source, of all names in the code object."""
    found = Reads()
    nodes = list(_nodes(code))
    for node in nodes:
        _Reader(node, found).read()
    if not nodes:
        found.loose.update(dict.fromkeys(code.co_names, code.co_firstlineno))
        names = (*code.co_names, *code.co_freevars)
        found.chains.update(Read(Chain(name), code.co_firstlineno, "used") for name in names)
    return found


def _nodes(code: types.CodeType) -> Iterator[ast.AST]:
    for name, first, node in _functions(code.co_filename):
        body = getattr(node, "lineno", first)
        if name == code.co_name and first <= code.co_firstlineno <= body:
            yield node


@functools.lru_cache(maxsize=512)
def _functions(path: str) -> tuple[tuple[str, int, ast.AST], ...]:
    """The functions of a file: name, first line (that of a decorator), and node."""
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return ()
    found: list[tuple[str, int, ast.AST]] = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found.append((node.name, first, node))
        elif isinstance(node, ast.Lambda):
            found.append(("<lambda>", node.lineno, node))
    return tuple(found)


class _Reader(ast.NodeVisitor):
    """Collects the reads of one function, including those of the functions defined in it."""

    def __init__(self, node: ast.AST, found: Reads) -> None:
        self._node = node
        self._found = found
        self._parameters = {argument.arg for argument in _arguments(node)}
        #: The meanings of local names: pairs of an expression and "value" or "item".
        self._stands: dict[str, list[tuple[ast.expr, str]]] = {}
        self._locals: set[str] = set()
        self._resolving: set[str] = set()
        self._note_locals()

    def read(self) -> None:
        """Read the body only; default values and decorators were evaluated at the definition."""
        body = self._node.body  # type: ignore[attr-defined]
        for statement in body if isinstance(body, list) else [body]:
            self.visit(statement)

    def _note_locals(self) -> None:
        outer: set[str] = set()
        for node in ast.walk(self._node):
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                outer |= set(node.names)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
                self._locals.add(node.id)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node is not self._node:
                self._locals.add(node.name)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self._locals |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and node is not self._node:
                self._locals |= {argument.arg for argument in _arguments(node)}
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._bind(target, node.value, "value")
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
                self._bind(node.target, node.value, "value")
            elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
                self._bind(node.target, node.iter, "item")
        self._locals -= outer

    def _bind(self, target: ast.expr, value: ast.expr, how: str) -> None:
        if isinstance(target, ast.Name):
            self._stands.setdefault(target.id, []).append((value, how))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for number, part in enumerate(target.elts):
                piece, way = _piece(value, how, number)
                if piece is not None:
                    self._bind(part, piece, way)

    def _chains(self, node: ast.expr) -> list[Chain]:
        """The chains of an expression; empty if it is none."""
        if isinstance(node, ast.Name):
            found = [Chain(node.id)] if node.id in self._parameters or node.id not in self._locals else []
            if node.id in self._stands and node.id not in self._resolving:
                self._resolving.add(node.id)
                for value, how in self._stands[node.id]:
                    found += self._items(value) if how == "item" else self._chains(value)
                self._resolving.discard(node.id)
        elif isinstance(node, ast.Attribute):
            found = [chain.then(".", node.attr) for chain in self._chains(node.value)]
        elif isinstance(node, ast.Subscript):
            key: Step = ("*", None)
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, (str, int, bytes)):
                key = ("[", node.slice.value)
            found = [chain.then(*key) for chain in self._chains(node.value)]
        elif isinstance(node, ast.Call) and _is_get(node):
            name, base, key_node = _got(node)
            found = [chain.then(name, key_node) for chain in self._chains(base)]
        elif isinstance(node, ast.IfExp):
            found = self._chains(node.body) + self._chains(node.orelse)
        elif isinstance(node, ast.BoolOp):
            found = [chain for value in node.values for chain in self._chains(value)]
        else:
            found = []
        kept = [chain for chain in dict.fromkeys(found) if len(chain.steps) <= _LONGEST]
        if len(kept) < len(set(found)) or len(kept) > _MOST:
            self._found.cut = node.lineno
        return kept[:_MOST]

    def _items(self, node: ast.expr) -> list[Chain]:
        """The chains of the items of an iterated expression."""
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in _TRANSPARENT and node.args:
                return self._items(node.args[0])
            if isinstance(node.func, ast.Attribute) and node.func.attr == "values":
                node = node.func.value
        if isinstance(node, (ast.Tuple, ast.List)):
            return [chain for item in node.elts for chain in self._chains(item)]
        return [chain.then("*", None) for chain in self._chains(node)]

    def _add(self, node: ast.expr, use: str, receiver: Chain | None = None) -> None:
        """Record the read of an expression, and the reads inside of it."""
        chains = self._chains(node)
        self._found.chains.update(Read(chain, node.lineno, use, receiver) for chain in chains)
        if isinstance(node, ast.Attribute):
            if not chains:
                self._found.loose.setdefault(node.attr, node.lineno)
            self._descend(node.value, chains)
        elif isinstance(node, ast.Subscript):
            self._descend(node.value, chains)
            self.visit(node.slice)
        elif isinstance(node, ast.Call) and _is_get(node):
            self._descend(_got(node)[1], chains)
            for argument in node.args[-1:] if len(node.args) > 1 else ():
                self.visit(argument)
        elif not isinstance(node, ast.Name):
            self.generic_visit(node)

    def _descend(self, node: ast.expr, chains: list[Chain]) -> None:
        """Visit the object that is read from: a part of a chain is read with the chain, anything else separately."""
        if not chains:
            if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
                self._add(node, "held")
            else:
                self.visit(node)
        elif isinstance(node, ast.Attribute):
            self._descend(node.value, chains)
        elif isinstance(node, ast.Subscript):
            self._descend(node.value, chains)
            self.visit(node.slice)
        elif not isinstance(node, ast.Name):
            self.visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._add(node, "used")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self._add(node, "used")
        else:
            self._add(node.value, "held")

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.ctx, ast.Load):
            self._add(node, "used")
        else:
            self._add(node.value, "held")
            self.visit(node.slice)

    def visit_Assign(self, node: ast.Assign) -> None:
        plain = all(isinstance(target, ast.Name) for target in node.targets)
        if plain and self._chains(node.value):
            self._add(node.value, "held")
        else:
            self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        for chain in self._chains(node.target):
            self._found.chains.add(Read(chain, node.lineno, "used"))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        if _is_get(node):
            self._add(node, "used")
            return
        use = "attributes" if name in _WHOLE_OBJECT or (name == "getattr" and len(node.args) > 1) else "passed"
        receivers = self._chains(function)
        if isinstance(function, (ast.Name, ast.Attribute, ast.Subscript)):
            self._add(function, "called")
        else:
            self.visit(function)
        for argument in arguments:
            inner = argument.value if isinstance(argument, ast.Starred) else argument
            if self._chains(inner):
                self._add(inner, use, receivers[0] if len(receivers) == 1 else None)
            else:
                self.visit(inner)


def _arguments(node: ast.AST) -> list[ast.arg]:
    arguments: ast.arguments = node.args  # type: ignore[attr-defined]
    extra = [arguments.vararg, arguments.kwarg]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *(one for one in extra if one is not None)]


def _piece(value: ast.expr, how: str, number: int) -> tuple[ast.expr | None, str]:
    """The meaning of part ``number`` of a tuple of targets."""
    if how == "value":
        if isinstance(value, (ast.Tuple, ast.List)) and number < len(value.elts):
            return value.elts[number], "value"
        return None, how
    if isinstance(value, ast.Call):
        name = value.func.id if isinstance(value.func, ast.Name) else getattr(value.func, "attr", "")
        if name == "enumerate" and number == 1 and value.args:
            return value.args[0], "item"
        if name == "zip" and number < len(value.args):
            return value.args[number], "item"
        if name == "items" and number == 1 and isinstance(value.func, ast.Attribute):
            return value.func.value, "item"
    return None, how


def _is_get(node: ast.Call) -> bool:
    """Whether a call is ``x.get('key', …)`` or ``getattr(x, 'name', …)``."""
    function, arguments = node.func, node.args
    if isinstance(function, ast.Attribute) and function.attr == "get" and 1 <= len(arguments) <= 2:
        return isinstance(arguments[0], ast.Constant) and isinstance(arguments[0].value, (str, int, bytes))
    named = isinstance(function, ast.Name) and function.id in ("getattr", "hasattr") and len(arguments) >= 2
    return named and isinstance(arguments[1], ast.Constant) and isinstance(arguments[1].value, str)


def _got(node: ast.Call) -> tuple[str, ast.expr, object]:
    if isinstance(node.func, ast.Attribute):
        return "[", node.func.value, node.args[0].value  # type: ignore[attr-defined]
    return ".", node.args[0], node.args[1].value  # type: ignore[attr-defined]
