"""Finds the statements of the project's source that change state between two calls of a candidate.

A run sees the changes during its time. It can't see a store that comes later (after an epoch, at a plateau), but the
source shows it. Only code that can run before a further call counts: the running loops, the statements between this
call and a later one, and the functions that they call, identified by their names.
"""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .ambient import SETTERS

_SETUP = frozenset({"__init__", "__new__", "__post_init__", "__set_name__", "build"})
_MUTATORS = frozenset(
    {"append", "extend", "insert", "pop", "popleft", "appendleft", "clear", "remove", "add", "discard"}
    | {"extendleft", "popitem", "rotate", "reverse", "sort", "fill", "itemset", "put", "resize", "partition"}
    | {"move_to_end", "subtract"}
    | {f"{name}update" for name in ("", "difference_", "intersection_", "symmetric_difference_")}
)
#: Functions and methods that store, or delete, what their next argument names.
_NAMING = {
    **dict.fromkeys(("setattr", "delattr", "__setattr__", "__delattr__"), "attribute"),
    **dict.fromkeys(("__setitem__", "__delitem__", "pop"), "item"),
}
_DEEPEST = 200
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_MODULE = (0, 0, 0)


@dataclass(frozen=True)
class Store:
    """A statement that changes state.

    ``kind`` is "attribute", "item", "content", "global", "local" or "ambient" (see `ambient`), and ``key`` the
    changed attribute, item or name. ``receiver`` is the last name of the changed object, ``plain`` whether the object
    is a bare name. ``owner`` is the class of the storing method, ``scope`` are its function's first line (of a
    decorator), the line of ``def`` and the last line, ``value`` is the ``repr`` of a stored literal. ``lazy``: it only
    fills in a missing value (``if self.mask is None: self.mask = …``).
    """

    kind: str
    key: object
    receiver: str
    plain: bool
    owner: str
    path: str
    line: int
    scope: tuple[int, int, int]
    value: str | None
    lazy: bool

    @property
    def place(self) -> str:
        """The line, as file:line."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class Block:
    """Statements that may run again: a function's body, or a loop's."""

    path: str
    node: ast.AST
    owner: str
    scope: tuple[int, int, int]
    globals: frozenset[str] = frozenset()


def stores_ahead(stack: Iterable[tuple[types.CodeType, int]], paths: Iterable[str]) -> list[Store]:
    """The stores that can run before a further call of the candidate.

    ``stack`` are the project's frames that lead to a call of the candidate, innermost first, each with its line;
    ``paths`` are the project's files. A frame that a loop calls runs again as a whole. In the others, what follows
    counts up to the last statement that leads to the candidate again: a second phase of the training.
    """
    stack = list(stack)
    blocks: list[Block] = []
    frames = [(line, _block_of(code)) for code, line in stack]
    looping = [number for number, (line, block) in enumerate(frames) if _loop(line, block) is not None]
    outermost = max(looping, default=-1)
    for number, (line, block) in enumerate(frames[: outermost + 1]):
        again = block if number < outermost else _loop(line, block)
        if again is not None:
            blocks.append(again)
    known: dict[str, list[Block]] = {}
    for path in paths:
        for name, block in _functions(path):
            known.setdefault(name, []).append(block)
    names = _callees(*frames[0]) & known.keys() if frames else set()
    for number, (line, block) in enumerate(frames):
        if block is not None and number >= outermost:
            following = _following(block.node, line)
            while following and not _reaches(following[-1], names, known):
                following.pop()
            if following:
                blocks.append(replace(block, node=ast.Module(following, [])))
        names.add(stack[number][0].co_name)
    # A library calls these callbacks during training.
    blocks += [block for name, several in known.items() if name.startswith("on_") for block in several]
    reached, seen = list(blocks), {id(block.node) for block in blocks}
    while blocks and len(reached) < _DEEPEST:
        for name in _names_called(blocks.pop().node):
            for block in known.get(name, ()):
                if id(block.node) not in seen:
                    seen.add(id(block.node))
                    reached.append(block)
                    blocks.append(block)
    return list(dict.fromkeys(store for block in reached for store in _stores(block)))


@functools.lru_cache(maxsize=512)
def _tree(path: str) -> ast.Module | None:
    try:
        with open(path, "rb") as file:
            return ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return None


@functools.lru_cache(maxsize=512)
def _functions(path: str) -> tuple[tuple[str, Block], ...]:
    """The functions of a file, each with its name and its class."""
    found: list[tuple[str, Block]] = []

    def visit(node: ast.AST, owner: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                declared = {n for part in _inside(child) if isinstance(part, ast.Global) for n in part.names}
                first = min([child.lineno, *(one.lineno for one in child.decorator_list)])
                scope = first, child.lineno, child.end_lineno or child.lineno
                found.append((child.name, Block(path, child, owner, scope, frozenset(declared))))
            visit(child, child.name if isinstance(child, ast.ClassDef) else owner)

    tree = _tree(path)
    if tree is not None:
        visit(tree, "")
    return tuple(found)


def _block_of(code: types.CodeType) -> Block | None:
    """The function or module of a frame's code."""
    path = code.co_filename
    if code.co_name == "<module>":
        tree = _tree(path)
        return Block(path, tree, "", _MODULE) if tree is not None else None
    for name, block in _functions(path):
        if name == code.co_name and block.scope[0] <= code.co_firstlineno <= block.scope[1]:
            return block
    return None


def _loop(line: int, block: Block | None) -> Block | None:
    """The outermost loop of a block that contains the line."""
    if block is None:
        return None
    for node in ast.walk(block.node):  # breadth first: outer loops before inner ones
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)) and node.lineno <= line <= (node.end_lineno or 0):
            return replace(block, node=node)
    return None


def _callees(line: int, block: Block | None) -> set[str]:
    """The last names of what is called at a line."""
    calls = (node for node in ast.walk(block.node) if isinstance(node, ast.Call)) if block is not None else ()
    return {_last_name(call.func) for call in calls if call.lineno <= line <= (call.end_lineno or 0)}


def _following(node: ast.AST, line: int) -> list[ast.stmt]:
    """The statements of a function or module that may run after the one at a line, except a loop's next round."""
    found: list[ast.stmt] = []
    for name in ("body", "orelse", "finalbody"):
        statements: list[ast.stmt] = getattr(node, name, [])
        for number, statement in enumerate(statements):
            if statement.lineno <= line <= (statement.end_lineno or 0) and not isinstance(statement, _DEFINITIONS):
                found += _following(statement, line)
                found += statements[number + 1 :]
                if isinstance(node, ast.Try) and name == "body":
                    found += [*(each for handler in node.handlers for each in handler.body), *node.orelse]
                if isinstance(node, ast.Try) and name != "finalbody":
                    found += node.finalbody
    for handler in node.handlers if isinstance(node, ast.Try) else ():
        found += _following(handler, line)
    return found


def _reaches(statement: ast.stmt, wanted: set[str], known: Mapping[str, Sequence[Block]]) -> bool:
    """Whether a statement leads to a call of one of the ``wanted`` names."""
    if isinstance(statement, _DEFINITIONS):
        return False
    waiting, seen = [_names_called(statement)], 0
    met: set[str] = set()
    while waiting and seen < _DEEPEST:
        names = waiting.pop() - met
        if names & wanted:
            return True
        met |= names
        blocks = [block for name in names for block in known.get(name, ())]
        seen += len(blocks)
        waiting += [_names_called(block.node) for block in blocks]
    return False


def _names_called(block: ast.AST) -> set[str]:
    """The names that a block calls or passes on, and the attributes that it stores, which may have setters."""
    found: set[str] = set()
    for node in _inside(block):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
    return found - _SETUP


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a block, without the bodies of functions and classes in it, which run only when called."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _inside(child)


def _stores(block: Block) -> Iterator[Store]:
    node = block.node
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        if node.name not in _SETUP:
            yield from _stores_in(node, block, ())
        return
    # A loop's own variables change with its next round.
    yield from _stored(node, block)
    yield from _stores_in(node, block, ())


def _stores_in(node: ast.AST, block: Block, guards: tuple[ast.expr, ...]) -> Iterator[Store]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from _stored(child, block)
            continue
        # What stands under `else` is done where the answer is the other one.
        inner = (*guards, node.test) if isinstance(node, ast.If) and child in node.body else guards
        yield from (replace(store, lazy=_is_lazy(store, inner)) for store in _stored(child, block))
        yield from _stores_in(child, block, inner)


def _stored(node: ast.AST, block: Block) -> Iterator[Store]:
    targets: list[ast.expr] = []
    value: ast.expr | None = None
    if isinstance(node, ast.Assign):
        targets, value = node.targets, node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets, value = [node.target], node.value
    elif isinstance(node, ast.AugAssign):
        targets = [node.target]
    elif isinstance(node, ast.Delete):
        targets = node.targets
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.NamedExpr)):
        targets = [node.target]
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        targets = [node.optional_vars]
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        names = [each.asname or each.name.partition(".")[0] for each in node.names]
        targets = [ast.Name(name, ast.Store(), lineno=node.lineno) for name in names]
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        targets = [ast.Name(node.name, ast.Store(), lineno=node.lineno)]
    elif isinstance(node, ast.Call):
        yield from _stored_by_call(node, block)
    while targets:
        target = targets.pop()
        if isinstance(target, (ast.Tuple, ast.List)):
            targets += target.elts
        elif isinstance(target, ast.Starred):
            targets.append(target.value)
        elif isinstance(target, ast.Name):
            kind = "global" if block.scope == _MODULE or target.id in block.globals else "local"
            yield _store(kind, target.id, None, target, block, value)
        elif isinstance(target, ast.Attribute):
            yield _store("attribute", target.attr, target.value, target, block, value)
        elif isinstance(target, ast.Subscript):
            literal = isinstance(target.slice, ast.Constant)
            key = target.slice.value if isinstance(target.slice, ast.Constant) else None
            yield _store("item" if literal else "content", key, target.value, target, block, value)


def _stored_by_call(node: ast.Call, block: Block) -> Iterator[Store]:
    function, given = node.func, node.args
    attribute = SETTERS.get(_last_name(function))
    if attribute is not None:
        values = [*given, *(keyword.value for keyword in node.keywords)]
        yield _store("ambient", attribute, None, node, block, values[0] if values else None)
        return
    if isinstance(function, ast.Name) and function.id in ("setattr", "delattr") and given:
        name, receiver, given = function.id, given[0], given[1:]
    elif isinstance(function, ast.Attribute):
        name, receiver = function.attr, function.value
        if name in _NAMING and isinstance(receiver, ast.Name) and receiver.id == "object" and given:
            receiver, given = given[0], given[1:]
    else:
        return
    if name in _NAMING and given and isinstance(key := given[0], ast.Constant):
        stored = given[1] if "set" in name and len(given) > 1 else None
        yield _store(_NAMING[name], key.value, receiver, node, block, stored)
    elif name == "update":
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield _store("item", keyword.arg, receiver, node, block, keyword.value)
        for argument in given:
            if isinstance(argument, ast.Dict):
                for part, value in zip(argument.keys, argument.values, strict=True):
                    if isinstance(part, ast.Constant):
                        yield _store("item", part.value, receiver, node, block, value)
    if name in _MUTATORS and isinstance(function, ast.Attribute):
        yield _store("content", None, receiver, node, block, None)


def _store(
    kind: str, key: object, receiver: ast.expr | None, node: ast.expr, block: Block, value: ast.expr | None
) -> Store:
    literal = repr(value.value) if isinstance(value, ast.Constant) else None
    plain = isinstance(receiver, ast.Name)
    return Store(
        kind,
        key,
        _last_name(receiver),
        plain,
        block.owner,
        block.path,
        node.lineno,
        block.scope,
        literal,
        False,
    )


def _last_name(node: ast.expr | None) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return ""


def _is_lazy(store: Store, guards: Iterable[ast.expr]) -> bool:
    """Whether one of the conditions around a store tests whether the stored value is missing."""
    for guard in guards:
        parts = list(ast.walk(guard))
        named = any(store.key in (getattr(part, "attr", None), getattr(part, "id", None)) for part in parts)
        named = named or any(isinstance(part, ast.Constant) and part.value == store.key for part in parts)
        asks = any(isinstance(part, (ast.Is, ast.Not, ast.NotIn)) for part in parts)
        if store.key is not None and named and asks:
            return True
    return False
