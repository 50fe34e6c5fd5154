"""Turns statements of a file into a call when the file is compiled, so that a hook can wrap them.

The file on disk does not change. Each line keeps its number, and the statements bind their names in the same scope as
before.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

STRETCH_NAME = "__hybridize_stretch__"
_CALLED = "__hybridize_step__"


@dataclass(frozen=True)
class Stretch:
    """The statements from line ``first`` to ``last``, hooked as ``candidate``; the call returns ``results`` (names)."""

    candidate: str
    first: int
    last: int
    results: tuple[str, ...]


def hooked(wrap: Callable[[str, Any], Any]) -> Callable[[str, Callable[[], object]], None]:
    """The function that runs stretches; ``wrap`` makes the hook of each one at its first run."""
    hooks: dict[str, Callable[..., object]] = {}

    def run(candidate: str, statements: Callable[[], object]) -> None:
        if candidate not in hooks:
            hooks[candidate] = wrap(candidate, lambda step: step())
        hooks[candidate](statements)

    return run


def mark(tree: ast.Module, stretch: Stretch) -> None:
    """Turn a stretch of a file's tree into a function and a call of it. Raises ValueError if no statements match."""
    for scope, block in _blocks(tree):
        inside = [
            number
            for number, statement in enumerate(block)
            if statement.lineno >= stretch.first and (statement.end_lineno or 0) <= stretch.last
        ]
        if inside and block[inside[0]].lineno == stretch.first and block[inside[-1]].end_lineno == stretch.last:
            body = [_PLAIN.visit(statement) for statement in block[inside[0] : inside[-1] + 1]]
            bound = sorted(_bound(body))
            block[inside[0] : inside[-1] + 1] = _called(scope, body, bound, stretch)
            if bound and not isinstance(scope, ast.Module):
                _claim(scope, bound)
            return
    raise ValueError(f"no statements stand on lines {stretch.first} to {stretch.last}")


class _Plain(ast.NodeTransformer):
    """Removes annotations: a global or nonlocal name cannot have one."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if not isinstance(node.target, ast.Name):
            return node
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        return node  # another scope

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        return node


_PLAIN = _Plain()


def _blocks(tree: ast.Module) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    """Each list of statements, with its scope."""
    waiting: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
    while waiting:
        scope, node = waiting.pop()
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield scope, block
        for child in ast.iter_child_nodes(node):
            is_scope = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            waiting.append((child if is_scope else scope, child))


def _called(scope: ast.AST, body: list[ast.stmt], bound: list[str], stretch: Stretch) -> list[ast.stmt]:
    start, end = body[0], body[-1]
    declared: list[ast.stmt] = []
    if bound and isinstance(scope, ast.Module):
        declared.append(ast.Global(bound))
    elif bound:
        declared.append(ast.Nonlocal(bound))
    names: list[ast.expr] = [ast.Name(name, ast.Load()) for name in stretch.results]
    given = names[0] if len(names) == 1 else ast.Tuple(names, ast.Load()) if names else ast.Constant(None)
    function = ast.parse(f"def {_CALLED}(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    # The code may be sent to another process, which has no hook: there the statements run directly.
    run = f"__import__('builtins').__dict__.get({STRETCH_NAME!r}, lambda _, step: step())"
    call = ast.parse(f"{run}({stretch.candidate!r}, {_CALLED})", mode="eval").body
    last = _placed(ast.Return(given), end)
    function.body = [ast.Pass()]
    _placed(function, start)
    function.body = [*(_placed(each, start) for each in declared), *body, last]
    return [function, _placed(ast.Expr(call), start)]


def _claim(scope: ast.AST, bound: list[str]) -> None:
    """Keep names local to a function, by an assignment that never runs: the binding statements moved into a closure."""
    assert isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef))
    targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name in bound]
    never = ast.If(ast.Constant(False), [ast.Assign(targets, ast.Constant(None))], [])
    first = int(ast.get_docstring(scope, clean=False) is not None)
    scope.body.insert(first, _placed(never, scope.body[min(first, len(scope.body) - 1)]))


def _placed(statement: Any, place: ast.stmt) -> Any:
    """Give a statement and all its nodes the start position of ``place``."""
    for node in ast.walk(statement):
        if isinstance(node, (ast.stmt, ast.expr, ast.arg, ast.keyword)):
            node.lineno = node.end_lineno = place.lineno
            node.col_offset = node.end_col_offset = place.col_offset
    return statement


def _bound(body: Sequence[ast.stmt]) -> set[str]:
    """The names that statements bind in their own scope."""
    function = ast.parse("def step(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = list(body)
    table = symtable.symtable(ast.unparse(ast.Module([function], [])), "step", "exec").get_children()[0]
    return {each.get_name() for each in table.get_symbols() if each.is_local() and _binds(each)}


def _binds(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported()
