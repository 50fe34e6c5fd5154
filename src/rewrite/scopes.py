"""The bindings of every scope of a module, to find the names that refer to TensorFlow.

Names are looked up as the compiler does. A decorator is evaluated in the scope that contains the ``def``, so
the function's own parameters don't matter, but an attribute of its class or a local of the function around it does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_MODULES = {"tensorflow", "tensorflow.compat.v1", "tensorflow.compat.v2"}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Binding:
    """A binding of a name. ``kind`` is its target: the TensorFlow "module", its "function", or something "else".

    ``certain``: it runs whenever its scope's body does. ``attempt``: the line of the ``try`` around it (0 for
    none). ``handler``: it is in one of that statement's ``except`` clauses.
    """

    kind: str
    line: int
    certain: bool
    attempt: int
    handler: bool


class Scope:
    """A module, class, function, lambda or comprehension, and its bindings."""

    def __init__(self, node: ast.AST, parent: Scope | None) -> None:
        self.node = node
        self.parent = parent
        self.bindings: dict[str, list[Binding]] = {}
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()

    def chain(self) -> Iterator[Scope]:
        """The scopes in which a name used here is looked up, without enclosing classes."""
        yield self
        scope = self.parent
        while scope is not None:
            if not isinstance(scope.node, ast.ClassDef):
                yield scope
            scope = scope.parent


@dataclass(frozen=True)
class Scopes:
    """A module's own scope, and, by the line of each ``def``, the scope that contains it."""

    module: Scope
    of: dict[int, Scope]


def read_scopes(tree: ast.Module) -> Scopes:
    """Collect the bindings of every scope of a module."""
    gatherer = _Gatherer(tree)
    return Scopes(gatherer.module, gatherer.of)


class _Gatherer(ast.NodeVisitor):
    def __init__(self, tree: ast.Module) -> None:
        self.module = self.scope = Scope(tree, None)
        self.certain, self.attempt, self.handler = True, 0, False
        self.of: dict[int, Scope] = {}
        self._body(tree.body)

    def _body(self, statements: Iterable[ast.AST], *, certain: bool = True, handler: bool = False) -> None:
        before = self.certain, self.handler
        self.certain, self.handler = self.certain and certain, self.handler or handler
        for statement in statements:
            self.visit(statement)
        self.certain, self.handler = before

    def _inner(self, node: ast.AST, statements: Iterable[ast.AST], names: Iterable[str] = ()) -> None:
        before = self.scope, self.certain, self.attempt, self.handler
        self.scope, self.certain, self.attempt, self.handler = Scope(node, self.scope), True, 0, False
        for name in names:
            self._bind(name, "else", node)
        self._body(statements)
        self.scope, self.certain, self.attempt, self.handler = before

    def _bind(self, name: str, kind: str, node: ast.AST, scope: Scope | None = None) -> None:
        scope, certain = scope or self.scope, self.certain
        if name in scope.globals:
            scope, certain = self.module, False
        elif name in scope.nonlocals:
            holders = (outer for outer in list(scope.chain())[1:] if name in outer.bindings)
            scope, certain = next(holders, scope), False
        binding = Binding(kind, getattr(node, "lineno", 0), certain, self.attempt, self.handler)
        scope.bindings.setdefault(name, []).append(binding)

    def visit_Import(self, node: ast.Import) -> None:
        for item in node.names:
            if item.asname:
                self._bind(item.asname, "module" if item.name in _MODULES else "else", node)
            else:
                first = item.name.partition(".")[0]
                self._bind(first, "module" if first == "tensorflow" else "else", node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for item in node.names:
            if item.name == "*":
                continue
            kind = "else"
            if node.level == 0 and node.module in _MODULES and item.name == "function":
                kind = "function"
            elif node.level == 0 and f"{node.module}.{item.name}" in _MODULES:
                kind = "module"
            self._bind(item.asname or item.name, kind, node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.of[node.lineno] = self.scope
        self._bind(node.name, "else", node)
        self._outside(node)
        self._parameters(node.args)
        self._inner(node, node.body, _argument_names(node.args))

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._bind(node.name, "else", node)
        self._outside(node)
        self._body([*node.bases, *node.keywords])
        self._inner(node, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._parameters(node.args)
        self._inner(node, [node.body], _argument_names(node.args))

    def _outside(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self._body(node.decorator_list)

    def _parameters(self, arguments: ast.arguments) -> None:
        self._body([*arguments.defaults, *(default for default in arguments.kw_defaults if default)])

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, _COMPREHENSIONS):
            self._inner(node, ast.iter_child_nodes(node))
        else:
            super().generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        scope = self.scope
        while isinstance(scope.node, _COMPREHENSIONS) and scope.parent is not None:
            scope = scope.parent
        self._bind(node.target.id, "else", node, scope)
        self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._bind(node.id, "else", node)

    def visit_Global(self, node: ast.Global) -> None:
        self.scope.globals.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.scope.nonlocals.update(node.names)

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        # `try: import tensorflow as tf` counts: without TensorFlow there is nothing to decorate.
        around, self.attempt = self.attempt, node.lineno
        self._body(node.body)
        self._body(node.handlers, certain=False, handler=True)
        self.attempt = around
        self._body(node.orelse, certain=False)
        self._body(node.finalbody)

    visit_TryStar = visit_Try

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name, "else", node)
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._body([*node.body, *node.orelse], certain=False)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self._body([node.target, node.iter])
        self._body([*node.body, *node.orelse], certain=False)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._body([*node.body, *node.orelse], certain=False)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        self._body(node.cases, certain=False)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self._bind(node.name, "else", node)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self._bind(node.name, "else", node)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self._bind(node.rest, "else", node)
        self.generic_visit(node)


def _argument_names(arguments: ast.arguments) -> list[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    return [argument.arg for argument in every]
