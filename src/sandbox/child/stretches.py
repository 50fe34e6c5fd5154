"""Turns statements or an expression of a file into a call when the file is compiled, so that a hook can wrap them.

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
    """The statements from line ``first`` to ``last``, hooked as ``candidate``; the call returns ``results`` (names).

    With an ``expression`` (as `ast.unparse` writes it), only that part of the statement on line ``first`` is hooked.
    """

    candidate: str
    first: int
    last: int
    results: tuple[str, ...]
    expression: str = ""


def hooked(wrap: Callable[[str, Any], Any]) -> Callable[[str, Callable[[], object]], object]:
    """The function that runs stretches, and returns what they give; ``wrap`` makes each one's hook at its first run."""
    hooks: dict[str, Callable[..., object]] = {}

    def run(candidate: str, step: Callable[[], object]) -> object:
        if candidate not in hooks:
            hooks[candidate] = wrap(candidate, lambda step: step())
        return hooks[candidate](step)

    return run


def mark(tree: ast.Module, stretch: Stretch) -> None:
    """Turn a stretch of a file's tree into a function and a call of it. Raises ValueError if nothing matches."""
    if stretch.expression:
        _mark_expression(tree, stretch)
        return
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


def _mark_expression(tree: ast.Module, stretch: Stretch) -> None:
    found = list[ast.expr]()

    class Marked(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if not isinstance(node, ast.expr) or node.lineno != stretch.first:
                return self.generic_visit(node)
            if ast.unparse(node) != stretch.expression:
                return self.generic_visit(node)
            found.append(node)
            step = ast.parse("lambda: None", mode="eval").body
            assert isinstance(step, ast.Lambda)
            step.body = node
            call = _call_of(stretch, ast.Name(_CALLED, ast.Load()))
            for each in ast.walk(call):
                ast.copy_location(each, node)
            call.args[1] = ast.copy_location(step, node)
            return call

    Marked().visit(tree)
    if len(found) != 1:
        raise ValueError(f"line {stretch.first} has not one `{stretch.expression}`")


def _call_of(stretch: Stretch, step: ast.expr) -> ast.Call:
    """The call that runs a stretch, ``step`` being what is hooked."""
    # The code may be sent to another process, which has no hook: there the statements run directly.
    run = f"__import__('builtins').__dict__.get({STRETCH_NAME!r}, lambda _, step: step())"
    call = ast.parse(f"{run}({stretch.candidate!r}, None)", mode="eval").body
    assert isinstance(call, ast.Call)
    call.args[1] = step
    return call


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
    call = _call_of(stretch, ast.Name(_CALLED, ast.Load()))
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
