"""Which names a piece of source reads and binds in its scope."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

#: Statements and expressions with their own scope, and loops.
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Names:
    """The names that code reads, binds and deletes, and those that nested functions share with it.

    ``captured`` names are read by nested functions, which may run later. ``rebound`` names are declared ``nonlocal`` or
    ``global``, in the code or in nested functions.
    """

    read: set[str] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    captured: set[str] = field(default_factory=set)
    rebound: set[str] = field(default_factory=set)


def names_of(nodes: Iterable[ast.AST]) -> Names:
    """The names of statements or expressions of one scope."""
    found = Names()
    visitor = _Visitor(found)
    for node in nodes:
        visitor.visit(node)
    return found


def parameters_of(arguments: ast.arguments) -> list[str]:
    """The names of a function's parameters, in their order."""
    every = [*arguments.posonlyargs, *arguments.args]
    every += [arguments.vararg] if arguments.vararg else []
    every += [*arguments.kwonlyargs, *([arguments.kwarg] if arguments.kwarg else [])]
    return [each.arg for each in every]


def locals_of(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    """The local names of a function."""
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    found = names_of(body)
    declared = {
        name for node in walk_scope(body) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names
    }
    return {*parameters_of(function.args), *found.bound} - declared


def _defaults(arguments: ast.arguments) -> list[ast.AST]:
    return [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]


def walk_scope(body: Iterable[ast.AST]) -> Iterable[ast.AST]:
    """The nodes of a function's body, without those of functions and classes in it."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)


class _Visitor(ast.NodeVisitor):
    def __init__(self, found: Names) -> None:
        self.found = found
        self.hidden: list[set[str]] = []  # the variables of the comprehensions around

    def _is_hidden(self, name: str) -> bool:
        return any(name in names for names in self.hidden)

    def visit_Name(self, node: ast.Name) -> None:
        if self._is_hidden(node.id):
            return
        if isinstance(node.ctx, ast.Load):
            self.found.read.add(node.id)
        elif isinstance(node.ctx, ast.Del):
            self.found.deleted.add(node.id)
            self.found.read.add(node.id)
        else:
            self.found.bound.add(node.id)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.found.read.add(node.target.id)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        # It binds in the scope around all comprehensions.
        self.found.bound.add(node.target.id)
        self.visit(node.value)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.found.bound.update((item.asname or item.name.partition(".")[0]) for item in node.names)

    visit_ImportFrom = visit_Import

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        self.found.rebound.update(node.names)

    visit_Nonlocal = visit_Global

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.found.bound.add(node.name)
            self.found.deleted.add(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.found.bound.add(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.found.bound.add(node.rest)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.found.bound.add(node.name)
        for each in node.decorator_list:
            self.visit(each)
        self._function(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        for each in _defaults(node.args):
            self.visit(each)
        inner = names_of([node.body] if isinstance(node, ast.Lambda) else node.body)
        own = locals_of(node)
        free = {name for name in (inner.read | inner.captured) - own if not self._is_hidden(name)}
        self.found.read |= free
        self.found.captured |= free
        self.found.rebound |= inner.rebound

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.found.bound.add(node.name)
        for each in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(each)
        inner = names_of(node.body)
        self.found.read |= inner.read | inner.captured
        self.found.captured |= inner.read | inner.captured
        self.found.rebound |= inner.rebound

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, _COMPREHENSIONS):
            self._comprehension(node)
        else:
            super().generic_visit(node)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.visit(node.generators[0].iter)
        targets = Names()
        inner = _Visitor(targets)
        for each in node.generators:
            inner.visit(each.target)
        self.hidden.append(set(targets.bound))
        for number, each in enumerate(node.generators):
            self.visit(each.target)
            if number:
                self.visit(each.iter)
            for test in each.ifs:
                self.visit(test)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        self.hidden.pop()


def identifiers_of(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """All names in the nodes of a file, with which a new name might clash."""
    return frozenset(
        value.partition(".")[0]
        for node in nodes
        for part in ("id", "attr", "name", "arg", "asname")
        if isinstance(value := getattr(node, part, None), str)
    )
