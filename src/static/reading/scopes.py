"""Which names a scope binds, where, and which of them are imports: read from statements alone."""

from __future__ import annotations

import ast
import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

#: The words of statements by which functions bind names of enclosing scopes. One pattern for both would be slower:
#: what begins with a fixed text is found as fast as a plain string.
_DECLARING = (re.compile(r"global\s"), re.compile(r"nonlocal\s"))
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(eq=False, slots=True)
class Scope:
    """The names bound in one module, class or function.

    ``lines`` and ``names`` are parallel lists: the bindings in source order. ``imports`` maps each imported name to its
    targets (dotted path, symbol or None, level). ``others`` are the names with a binding that is not an import.
    ``rebound`` are the names that inner scopes declare ``global`` or ``nonlocal``: any call may assign them.
    """

    lines: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)
    imports: dict[str, list[tuple[str, str | None, int]]] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    outer: dict[str, bool] = field(default_factory=dict)
    stars: list[tuple[str, int]] = field(default_factory=list)
    rebound: set[str] = field(default_factory=set)

    def bind(self, name: str, line: int, is_import: bool = False) -> None:
        """Record that ``name`` is bound in ``line``."""
        self.lines.append(line)
        self.names.append(name)
        self.bound.add(name)
        self.counts[name] = self.counts.get(name, 0) + 1
        if not is_import:
            self.others.add(name)

    def bound_between(self, first: int, last: int) -> dict[str, None]:
        """The names bound in the lines from ``first`` to ``last``, in order, without ``outer`` and ``rebound`` ones."""
        low = bisect_left(self.lines, first)
        high = bisect_left(self.lines, last + 1)
        between = self.names[low:high]
        return dict.fromkeys(name for name in between if name not in self.outer and name not in self.rebound)


def is_deep(text: str) -> bool:
    """Whether a source may have bindings that only its expressions and inner functions show.

    That an English sentence names the "global step" does not count: the word must begin a statement.
    """
    return ":=" in text or any(_begins_statement(text, found) for each in _DECLARING for found in each.finditer(text))


def _begins_statement(text: str, found: re.Match[str]) -> bool:
    before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()].rstrip()
    return not before or before[-1] in ";:"


def read_scope(body: list[ast.stmt], kind: str, deep: bool) -> Scope:
    """The bindings of ``body`` in its own scope; ``kind`` is "module", "class" or a kind of function.

    ``deep`` is ``is_deep`` of the source. It is false for most sources, which are read faster.
    """
    scope = Scope()
    _read_statements(body, scope)
    if deep:
        _read_expressions(body, scope, kind)
    if any(later < earlier for earlier, later in zip(scope.lines, scope.lines[1:], strict=False)):
        order = sorted(range(len(scope.lines)), key=scope.lines.__getitem__)
        scope.lines = [scope.lines[i] for i in order]
        scope.names = [scope.names[i] for i in order]
    if kind == "module":
        scope.outer.clear()  # At the top of a module, ``global`` has no effect.
    for name in scope.outer:
        scope.bound.discard(name)
    return scope


def _read_expressions(body: list[ast.stmt], scope: Scope, kind: str) -> None:
    """Record the bindings of assignment expressions, and the names of this scope that inner functions declare."""
    declared = ast.Global if kind == "module" else ast.Nonlocal
    pending: list[ast.AST] = [*body]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.NamedExpr):
            read_targets(node.target, scope)
        if isinstance(node, _SCOPES):
            if kind != "class":
                for inner in _statements_in(node):
                    if isinstance(inner, declared):
                        scope.rebound.update(inner.names)
            pending += getattr(node, "decorator_list", [])
            if isinstance(node, ast.ClassDef):
                pending += [*node.bases, *node.keywords]
            else:
                pending += [*node.args.defaults, *(default for default in node.args.kw_defaults if default is not None)]
        else:
            pending.extend(ast.iter_child_nodes(node))


def _statements_in(node: ast.AST) -> Iterator[ast.AST]:
    """The statements inside of a definition, and inside of those: no expression contains one."""
    pending = [node]
    while pending:
        node = pending.pop()
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, name, None)
            if isinstance(inner, list):
                yield from inner
                pending += inner


def read_targets(target: ast.expr, scope: Scope) -> None:
    """Record the names that an assignment's target binds."""
    kind = type(target)
    if kind is ast.Name:
        scope.bind(target.id, target.lineno)  # type: ignore[attr-defined]
    elif kind is ast.Tuple or kind is ast.List:
        for element in target.elts:  # type: ignore[attr-defined]
            read_targets(element, scope)
    elif kind is ast.Starred:
        read_targets(target.value, scope)  # type: ignore[attr-defined]


def _read_statements(body: list[ast.stmt], scope: Scope) -> None:
    for statement in body:
        reader = _READERS.get(type(statement))
        if reader is not None:
            reader(statement, scope)


def _read_assign(statement: ast.Assign, scope: Scope) -> None:
    for target in statement.targets:
        read_targets(target, scope)


def _read_single(statement: ast.AugAssign | ast.AnnAssign, scope: Scope) -> None:
    read_targets(statement.target, scope)


def _read_loop(statement: ast.For | ast.AsyncFor, scope: Scope) -> None:
    read_targets(statement.target, scope)
    _read_statements(statement.body, scope)
    _read_statements(statement.orelse, scope)


def _read_branch(statement: ast.If | ast.While, scope: Scope) -> None:
    _read_statements(statement.body, scope)
    while len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If):
        statement = statement.orelse[0]
        _read_statements(statement.body, scope)
    _read_statements(statement.orelse, scope)


def _read_with(statement: ast.With | ast.AsyncWith, scope: Scope) -> None:
    for item in statement.items:
        if item.optional_vars is not None:
            read_targets(item.optional_vars, scope)
    _read_statements(statement.body, scope)


def _read_try(statement: ast.Try, scope: Scope) -> None:
    _read_statements(statement.body, scope)
    for handler in statement.handlers:
        if handler.name:
            scope.bind(handler.name, handler.lineno)
        _read_statements(handler.body, scope)
    _read_statements(statement.orelse, scope)
    _read_statements(statement.finalbody, scope)


def _read_definition(statement: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, scope: Scope) -> None:
    scope.bind(statement.name, statement.lineno)


def _read_import(statement: ast.Import, scope: Scope) -> None:
    for alias in statement.names:
        name = alias.asname or alias.name.partition(".")[0]
        target = alias.name if alias.asname else name
        scope.bind(name, statement.lineno, is_import=True)
        scope.imports.setdefault(name, []).append((target, None, 0))


def _read_import_from(statement: ast.ImportFrom, scope: Scope) -> None:
    for alias in statement.names:
        if alias.name == "*":
            scope.stars.append((statement.module or "", statement.level))
            continue
        name = alias.asname or alias.name
        scope.bind(name, statement.lineno, is_import=True)
        scope.imports.setdefault(name, []).append((statement.module or "", alias.name, statement.level))


def _read_outer(statement: ast.Global | ast.Nonlocal, scope: Scope) -> None:
    for name in statement.names:
        scope.outer[name] = isinstance(statement, ast.Global)


def _read_match(statement: ast.Match, scope: Scope) -> None:
    for case in statement.cases:
        for node in ast.walk(case.pattern):
            name = getattr(node, "name", None) or getattr(node, "rest", None)
            if isinstance(name, str):
                scope.bind(name, case.pattern.lineno)
        _read_statements(case.body, scope)


def _read_delete(statement: ast.Delete, scope: Scope) -> None:
    for target in statement.targets:
        read_targets(target, scope)


def _read_alias(statement: ast.stmt, scope: Scope) -> None:
    read_targets(statement.name, scope)  # type: ignore[attr-defined]


_READERS: dict[type, Callable[..., None]] = {}
_READERS.update(
    {
        ast.Assign: _read_assign,
        ast.AugAssign: _read_single,
        ast.AnnAssign: _read_single,
        ast.For: _read_loop,
        ast.AsyncFor: _read_loop,
        ast.If: _read_branch,
        ast.While: _read_branch,
        ast.With: _read_with,
        ast.AsyncWith: _read_with,
        ast.Try: _read_try,
        ast.TryStar: _read_try,
        ast.FunctionDef: _read_definition,
        ast.AsyncFunctionDef: _read_definition,
        ast.ClassDef: _read_definition,
        ast.Import: _read_import,
        ast.ImportFrom: _read_import_from,
        ast.Global: _read_outer,
        ast.Nonlocal: _read_outer,
        ast.Match: _read_match,
        ast.Delete: _read_delete,
    }
)
if sys.version_info >= (3, 12):
    _READERS[ast.TypeAlias] = _read_alias
