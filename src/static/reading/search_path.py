"""The edits of ``sys.path`` in a file, as far as the source shows them.

Paths are evaluated statically: strings, ``__file__``, and the usual calls of ``os.path`` and ``pathlib`` on them.
A name has all values that are assigned to it, and those that a loop over a literal list assigns.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: Maximum number of values of one expression, and maximum depth of its evaluation.
MOST_VALUES, DEEPEST = 8, 12

_OF_ONE: dict[str, Callable[[str], str]] = {
    "dirname": os.path.dirname,
    "abspath": lambda path: path,
    "realpath": lambda path: path,
    "normpath": lambda path: path,
    "expanduser": os.path.expanduser,
    "expandvars": os.path.expandvars,
    "fspath": lambda path: path,
    "str": lambda path: path,
    "Path": lambda path: path,
    "PurePath": lambda path: path,
    "PosixPath": lambda path: path,
}
_WITHOUT_CHANGE = frozenset({"resolve", "absolute", "as_posix", "expanduser", "__str__", "rstrip", "strip"})


@dataclass(frozen=True)
class Edits:
    """The folders that a file adds ``first`` (``insert``) or ``last`` (``append``), and those that it enters.

    All are absolute; they need not exist.
    """

    first: tuple[Path, ...] = ()
    last: tuple[Path, ...] = ()
    entered: tuple[Path, ...] = ()


def read_edits(tree: ast.Module, file: Path, cwd: Path) -> Edits:
    """The edits of ``sys.path`` anywhere in the file, if it is run from ``cwd``."""
    return _Reader(tree, file, cwd).read()


class _Reader:
    def __init__(self, tree: ast.Module, file: Path, cwd: Path) -> None:
        self._tree = tree
        self._file = file
        self._cwd = cwd
        self._assigned: dict[str, list[ast.expr]] = {}
        self._roots = {"sys": "sys", "os": "os", "site": "site"}
        self._paths: set[str] = set()

    def read(self) -> Edits:
        first: list[str] = []
        last: list[str] = []
        entered: list[str] = []
        nodes = list(ast.walk(self._tree))
        for node in nodes:
            self._note(node)
        for node in nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                self._read_call(node, node.func, first, last, entered)
            elif isinstance(node, ast.AugAssign) and self._is_search_path(node.target):
                last += self._items(node.value)
            elif isinstance(node, ast.Assign) and any(self._is_search_path(target) for target in node.targets):
                first += self._items(node.value)
        bases = [self._cwd, *(self._cwd / folder for folder in dict.fromkeys(entered))]
        return Edits(self._places(first, bases), self._places(last, bases), tuple(bases[1:]))

    def _note(self, node: ast.AST) -> None:
        """Record the values that names may have."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in self._roots and alias.asname:
                    self._roots[alias.asname] = alias.name
        elif isinstance(node, ast.ImportFrom) and node.module == "sys":
            self._paths.update(alias.asname or alias.name for alias in node.names if alias.name == "path")
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self._assigned.setdefault(target.id, []).append(node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and isinstance(node.target, ast.Name) and node.value:
            self._assigned.setdefault(node.target.id, []).append(node.value)
        elif (
            isinstance(node, (ast.For, ast.comprehension))
            and isinstance(node.target, ast.Name)
            and isinstance(node.iter, (ast.List, ast.Tuple, ast.Set))
        ):
            self._assigned.setdefault(node.target.id, []).extend(node.iter.elts)

    def _read_call(
        self, node: ast.Call, func: ast.Attribute, first: list[str], last: list[str], entered: list[str]
    ) -> None:
        if self._is_search_path(func.value):
            if func.attr == "insert" and len(node.args) == 2:
                first += self._values(node.args[1])
            elif func.attr == "append" and node.args:
                last += self._values(node.args[0])
            elif func.attr == "extend" and node.args:
                last += self._items(node.args[0])
        elif isinstance(func.value, ast.Name) and node.args:
            module = self._roots.get(func.value.id)
            if (module, func.attr) == ("site", "addsitedir"):
                last += self._values(node.args[0])
            elif (module, func.attr) == ("os", "chdir"):
                entered += self._values(node.args[0])

    def _is_search_path(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Subscript):
            node = node.value
        if isinstance(node, ast.Name):
            return node.id in self._paths
        return (
            isinstance(node, ast.Attribute)
            and node.attr == "path"
            and isinstance(node.value, ast.Name)
            and self._roots.get(node.value.id) == "sys"
        )

    def _places(self, texts: Iterable[str], bases: Iterable[Path]) -> tuple[Path, ...]:
        places = [Path(os.path.normpath(base / text)) for text in texts for base in bases]
        return tuple(dict.fromkeys(places))

    def _items(self, node: ast.expr) -> list[str]:
        """The elements of a list of paths, ``[a, b] + sys.path`` included."""
        if isinstance(node, (ast.List, ast.Tuple)):
            return [value for item in node.elts for value in self._values(item)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return [*self._items(node.left), *self._items(node.right)]
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            return list(self._values(node.elt))
        return []

    def _values(self, node: ast.expr, depth: int = 0) -> list[str]:
        """The paths that an expression may evaluate to; none if the source does not show them."""
        if depth > DEEPEST:
            return []
        found = dict.fromkeys(text for text in self._evaluate(node, depth + 1) if "\0" not in text)
        return list(found)[:MOST_VALUES]

    def _evaluate(self, node: ast.expr, depth: int) -> Iterator[str]:
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield node.value
        elif isinstance(node, ast.Name):
            if node.id == "__file__":
                yield str(self._file)
            for value in self._assigned.get(node.id, ()):
                yield from self._values(value, depth)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Div)):
            for left in self._values(node.left, depth):
                for right in self._values(node.right, depth):
                    yield left + right if isinstance(node.op, ast.Add) else os.path.join(left, right)
        elif isinstance(node, ast.JoinedStr):
            yield from self._joined(node.values, "".join, depth)
        elif isinstance(node, ast.FormattedValue):
            yield from self._values(node.value, depth)
        elif isinstance(node, ast.Attribute):
            yield from self._attribute(node, depth)
        elif isinstance(node, ast.Subscript):
            yield from self._subscript(node, depth)
        elif isinstance(node, ast.Call):
            yield from self._call(node, depth)
        elif isinstance(node, ast.IfExp):
            yield from self._values(node.body, depth)
            yield from self._values(node.orelse, depth)

    def _attribute(self, node: ast.Attribute, depth: int) -> Iterator[str]:
        if node.attr == "parent":
            yield from (os.path.dirname(path) for path in self._values(node.value, depth))
        elif node.attr == "pardir":
            yield ".."
        elif node.attr == "curdir":
            yield "."
        elif node.attr == "sep":
            yield "/"

    def _subscript(self, node: ast.Subscript, depth: int) -> Iterator[str]:
        if not (isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)):
            return
        number = node.slice.value
        if self._is_search_path(node.value) and number == 0:
            yield os.path.dirname(str(self._file))
        elif isinstance(node.value, ast.Attribute) and node.value.attr == "parents" and 0 <= number < DEEPEST:
            for path in self._values(node.value.value, depth):
                for _ in range(number + 1):
                    path = os.path.dirname(path)
                yield path
        elif isinstance(node.value, ast.Call) and _name_of(node.value.func) == "split" and node.value.args:
            for path in self._values(node.value.args[0], depth):
                yield os.path.split(path)[number] if number in (0, 1) else path

    def _call(self, node: ast.Call, depth: int) -> Iterator[str]:
        name = _name_of(node.func)
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        if name in ("getcwd", "cwd") and not node.args:
            yield str(self._cwd)
        elif name in _WITHOUT_CHANGE and of is not None and not node.args:
            yield from self._values(of, depth)
        elif name in _OF_ONE and len(node.args) == 1:
            for path in self._values(node.args[0], depth):
                # Only these two functions resolve `..`: `dirname` of `a/..` is `a`.
                yield _OF_ONE[name](os.path.normpath(self._cwd / path) if name in ("abspath", "realpath") else path)
        elif name in ("join", "Path", "PurePath") and node.args and not isinstance(of, ast.Constant):
            yield from self._joined(node.args, lambda parts: os.path.join(*parts), depth)
        elif name == "joinpath" and of is not None:
            yield from self._joined([of, *node.args], lambda parts: os.path.join(*parts), depth)
        elif name == "relpath" and node.args:
            yield from self._values(node.args[0], depth)

    def _joined(self, nodes: list[ast.expr], join: Callable[[list[str]], str], depth: int) -> Iterator[str]:
        ways: list[list[str]] = [[]]
        for node in nodes:
            values = self._values(node, depth)
            ways = [[*way, value] for way in ways for value in values][:MOST_VALUES]
        yield from (join(way) for way in ways if way)


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
