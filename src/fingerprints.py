"""Content hashes of candidates: equal if only lines or comments change, different if the code that runs changes.

A fingerprint covers the function's source with its decorators and defaults, the module-level statements that bind the
names that it reads (imports and constants, but not the names that those read in turn), and the same for each project
function that it may call, directly or not. It ignores positions, comments, blank lines, docstrings and the version of
Python. It does not cover the rest of a method's class, libraries or data. Equal fingerprints mean the same code, not
the same behaviour. A verdict depends on more than this; its hash is made by `keys`.
"""

from __future__ import annotations

import ast
import gc
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

from .records import Function, FunctionKind, Scan, Variant

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Fields that the parser sets and that do not change what runs.
_NOT_HASHED = frozenset({"ctx", "kind", "type_comment"})
_NO_EDITS: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True)
class Contents:
    """The hashes of a file's parts: its functions by qualified name, its classes without their method bodies, and its
    module-level statements except definitions and imports.
    """

    functions: Mapping[str, str]
    classes: Mapping[str, str]
    body: str


def contents_of(raw: bytes) -> Contents:
    """Hash the parts of a file. A file that can't be parsed has none.

    Qualified names leave out ``<locals>``. Definitions that share a name share one hash.
    """
    tree, hollow = _parse(raw), _hollow(raw)
    if tree is None or hollow is None:
        return Contents({}, {}, "")
    parsed = _File(tree, has_lambdas=False)
    functions: dict[str, list[str]] = {}
    for name, node in _named(tree.body):
        if isinstance(node, _DEFINITIONS):
            functions.setdefault(name, []).append(parsed.hash_of([node]))
    classes: dict[str, list[str]] = {}
    for name, node in _named(hollow.body):
        if isinstance(node, ast.ClassDef):
            classes.setdefault(name, []).append(_hash([_Dump([node]).text]))
    apart = (*_DEFINITIONS, ast.ClassDef, ast.Import, ast.ImportFrom)
    body = [each for each in hollow.body if not isinstance(each, apart)]
    return Contents(
        {name: _hash(sorted(found)) for name, found in functions.items()},
        {name: _hash(sorted(found)) for name, found in classes.items()},
        _hash([_Dump(body).text]),
    )


def _named(statements: Iterable[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """All functions and classes that statements define, each with its qualified name."""
    for statement in statements:
        name = prefix
        if isinstance(statement, (*_DEFINITIONS, ast.ClassDef)):
            name = f"{prefix}{statement.name}"
            yield name, statement
            name += "."
        yield from _named(_held(statement), name)


def on_import(raw: bytes) -> str:
    """Hash the code of a file that runs on import: all of it except the bodies of its functions."""
    hollow = _hollow(raw)
    return "" if hollow is None else _hash([_Dump(hollow.body).text])


def keys(
    root: Path,
    functions: Sequence[Function],
    wanted: Iterable[str],
    files: Iterable[str],
    converted: Mapping[str, str],
    rest: Sequence[str],
    edited: Mapping[str, bytes] = _NO_EDITS,
) -> dict[str, str]:
    """For each function in ``wanted``, hash everything that a verdict on it depends on.

    That is its fingerprint and those of its callers, direct or not; how it, its callers and its callees are converted
    (``converted``, by id); the code that the ``files`` run on import; and the ``rest``: versions, arguments. ``edited``
    maps files to contents that replace those on disk.
    """
    prints = fingerprints(root, functions, edited)
    calls = {function.id: [name for name in function.calls if name in prints] for function in functions}
    callers: dict[str, list[str]] = {}
    for caller, called in calls.items():
        for name in called:
            callers.setdefault(name, []).append(caller)
    loaded = [f"{file} {on_import(_content(root, file, edited))}" for file in sorted(set(files))]
    found = {}
    for name in wanted:
        if name not in prints:
            continue
        above, below = _reached(name, callers), _reached(name, calls)
        ways = [f"{each} {converted[each]}" for each in sorted(above | below) if each in converted]
        around = sorted(prints[each] for each in above if each in prints)
        found[name] = _hash([name, prints[name], "callers", *around, "ways", *ways, "import", *loaded, "rest", *rest])
    return found


def _reached(name: str, arrows: Mapping[str, Sequence[str]]) -> set[str]:
    found, waiting = {name}, [name]
    while waiting:
        for other in arrows.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def fingerprints(
    root: Path, functions: Sequence[Function], edited: Mapping[str, bytes] = _NO_EDITS
) -> dict[str, str]:
    """Map the ids of functions to their fingerprints. A function that is not found in its file has none.

    ``edited`` maps files to contents that replace those on disk.
    """
    own: dict[str, str] = {}
    for file, members in groupby(sorted(functions, key=_file_of), _file_of):
        tree, held = _parse(_content(root, file, edited)), list(members)
        if tree is not None:
            parsed = _File(tree, any(each.kind is FunctionKind.LAMBDA for each in held))
            sources = ((each.id, parsed.source(each.line, each.end_line)) for each in held)
            own.update({name: source for name, source in sources if source is not None})
    calls = {each.id: [name for name in each.calls if name in own] for each in functions if each.id in own}
    found: dict[str, str] = {}
    for component in _components(calls):
        inner = sorted(own[name] for name in component)
        outer = sorted({found[called] for name in component for called in calls[name] if called in found})
        shared = [*inner, "calls", *outer]
        # Functions in a cycle reach the same callees; only their own source distinguishes them.
        found.update({name: _hash([own[name], *shared]) for name in component})
    return found


def with_fingerprints(scan: Scan) -> Scan:
    """Return the scan with fingerprints for its reachable functions. The files are read again.

    A plain scan has none, because they would take a quarter of its time and few functions are ever compared.
    """
    by_id = {function.id: function for function in scan.functions}
    wanted = {function.id: function for function in scan.functions if function.file in scan.reachable}
    waiting = list(wanted.values())
    while waiting:
        for name in waiting.pop().calls:
            if name in by_id and name not in wanted:
                wanted[name] = by_id[name]
                waiting.append(by_id[name])
    collecting = gc.isenabled()
    # The objects of a syntax tree all live until its file is done, so garbage collection would only double the time.
    gc.disable()
    try:
        found = fingerprints(Path(scan.root), list(wanted.values()))
    finally:
        if collecting:
            gc.enable()
    return replace(scan, functions=tuple(replace(each, fingerprint=found.get(each.id)) for each in scan.functions))


def fingerprints_of_lines(path: Path, lines: Iterable[int]) -> dict[int, str]:
    """Map each line to the fingerprint of the innermost statement on it. Lines outside of statements are left out."""
    tree, wanted = _parse(_content(path.parent, path.name)), sorted(set(lines))
    if tree is None:
        return {}
    innermost: dict[int, ast.stmt] = {}
    for statement in _statements(tree.body):
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        # Inner statements come after outer ones and overwrite them.
        innermost.update(dict.fromkeys(wanted[bisect_left(wanted, first) : bisect_right(wanted, last)], statement))
    return {line: _hash([_Dump([statement]).text]) for line, statement in innermost.items()}


def with_variant(fingerprint: str | None, variant: Variant) -> str | None:
    """The fingerprint of a function combined with the arguments of the variant that is written for it."""
    return None if fingerprint is None else _hash([fingerprint, repr(variant.arguments)])


class _File:
    """A file's functions by line, and the names that its module-level statements bind."""

    def __init__(self, tree: ast.Module, has_lambdas: bool) -> None:
        self._tree = tree
        self._definitions: dict[int, list[ast.AST]] = {}
        for node in ast.walk(tree) if has_lambdas else _statements(tree.body):
            if isinstance(node, (*_DEFINITIONS, ast.Lambda)):
                self._definitions.setdefault(node.lineno, []).append(node)
        self._bound: dict[str, list[str]] = {}
        for statement in _statements(tree.body, (*_DEFINITIONS, ast.ClassDef)):
            for name, text in _bindings(statement):
                self._bound.setdefault(name, []).append(text)

    def source(self, line: int, end_line: int) -> str | None:
        """The hash of these lines: of the function defined there, or else of the statements; None if there is none."""
        nodes = [node for node in self._definitions.get(line, ()) if getattr(node, "end_lineno", 0) <= end_line]
        nodes = nodes or list(_within(self._tree.body, line, end_line))
        return self.hash_of(nodes) if nodes else None

    def hash_of(self, nodes: Sequence[ast.AST]) -> str:
        """The hash of nodes and of the module-level statements that bind the names that they read."""
        dump = _Dump(nodes)
        bound = [text for name in sorted(dump.reads) for text in self._bound.get(name, ())]
        return _hash([dump.text, *bound])


def _statements(
    statements: Iterable[ast.stmt], but_in: tuple[type[ast.stmt], ...] = ()
) -> Iterator[ast.stmt]:
    """All statements and those nested in them, except the ones nested in statements of the types ``but_in``."""
    for statement in statements:
        yield statement
        if not isinstance(statement, but_in):
            yield from _statements(_held(statement), but_in)


def _held(statement: ast.stmt) -> Iterator[ast.stmt]:
    """The statements nested directly in another one."""
    for field in ("body", "orelse", "finalbody"):
        yield from getattr(statement, field, ())
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield from part.body


def _bindings(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """The names that a statement binds, each with a text that represents the binding."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        origin = (statement.level * ".") + (statement.module or "") if isinstance(statement, ast.ImportFrom) else ""
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0], f"{origin}:{alias.name}"
        return
    if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    text = _Dump([statement]).text
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                yield node.id, text


def _within(statements: Iterable[ast.stmt], line: int, end_line: int) -> Iterator[ast.stmt]:
    """The outermost statements that lie entirely within these lines."""
    for statement in statements:
        if line <= statement.lineno and (statement.end_lineno or statement.lineno) <= end_line:
            yield statement
        elif statement.lineno <= end_line and line <= (statement.end_lineno or statement.lineno):
            yield from _within(_held(statement), line, end_line)


class _Dump:
    """Nodes as text, and the names that they read but do not bind.

    The text leaves out positions, docstrings and empty fields. Empty fields differ between versions of Python.
    """

    def __init__(self, nodes: Sequence[ast.AST]) -> None:
        self._read: set[str] = set()
        self._bound: set[str] = set()
        self._outer: set[str] = set()
        self.text = self._write(nodes)
        self.reads = (self._read - self._bound) | self._outer

    def _write(self, nodes: Sequence[ast.AST]) -> str:
        """Write the nodes in preorder. Field names and list lengths make the text unambiguous."""
        parts: list[str] = []
        stack: list[object] = list(reversed(nodes))
        # No recursion: a long expression is a deep tree.
        while stack:
            node = stack.pop()
            if isinstance(node, ast.AST):
                self._note(node)
                head, values = [type(node).__name__], []
                for name in node._fields:
                    value = getattr(node, name, None)
                    if value is not None and name not in _NOT_HASHED and not (type(value) is list and not value):
                        head.append(name)
                        values.append(value)
                parts.append(" ".join(head))
                stack += values[::-1]
            elif type(node) is list:
                kept = [each for each in node if not _is_text(each)]
                parts.append(f"list {len(kept)}")
                stack += kept[::-1]
            else:
                parts.append(repr(node))
        return "\n".join(parts)

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name):
            (self._read if isinstance(node.ctx, ast.Load) else self._bound).add(node.id)
        elif isinstance(node, ast.arg):
            self._bound.add(node.arg)
        elif isinstance(node, ast.Global):
            self._outer.update(node.names)


def _is_text(node: object) -> bool:
    """Whether a statement is a docstring or another bare string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _file_of(function: Function) -> str:
    return function.file


def _content(root: Path, file: str, edited: Mapping[str, bytes] = _NO_EDITS) -> bytes:
    """A file's content. If it can't be read, a single quote, which does not parse as Python."""
    if file in edited:
        return edited[file]
    try:
        return (root / file).read_bytes()
    except OSError:
        return b"'"


def _parse(raw: bytes) -> ast.Module | None:
    try:
        return ast.parse(raw)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _hollow(raw: bytes) -> ast.Module | None:
    """A file's tree without the bodies of its functions and without module-level strings."""
    tree = _parse(raw)
    if tree is not None:
        for node in ast.walk(tree):
            if isinstance(node, _DEFINITIONS):
                node.body = []
        tree.body = [each for each in tree.body if not _is_text(each)]
    return tree


def _hash(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _components(calls: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """The strongly connected components of a call graph, callees first (Tarjan's algorithm without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_names: dict[str, None] = {}
    for root in calls:
        if root in index:
            continue
        work = [(root, iter(calls[root]))]
        index[root] = low[root] = len(index)
        open_names[root] = None
        while work:
            name, rest = work[-1]
            called = next(rest, None)
            if called is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    component: list[str] = []
                    while not component or component[-1] != name:
                        component.append(open_names.popitem()[0])
                    yield component
            elif called not in index:
                index[called] = low[called] = len(index)
                open_names[called] = None
                work.append((called, iter(calls[called])))
            elif called in open_names:
                low[name] = min(low[name], index[called])
