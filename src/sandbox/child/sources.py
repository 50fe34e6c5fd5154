"""Imports the project from the scratch copy, with hooks around chosen functions.

A hook is a decorator that is added to a function when its file is compiled, directly outside of the decorator
that a plan has inserted, or of the bare function. The source on disk does not change, so
``inspect.getsource``, tracebacks and AutoGraph see exactly the text that would be written.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, ModuleType
from typing import Any

from ...installed import is_library
from ..folders import copied, inside
from .stretches import Stretch, mark

HOOK_NAME = "__hybridize_hook__"
ENTRY_NAME = "__hybridize_entry__"
#: A hook's target: a function, by its id, or statements.
Hook = str | Stretch


def compile_with_hooks(
    data: bytes, path: str, hooks: Mapping[int, Hook], edited: frozenset[str], entries: Mapping[int, str] = {}
) -> CodeType:
    """Compile a file's text with a hook around each function whose ``def`` is on a line of ``hooks``.

    ``hooks`` maps lines to candidate ids, or to stretches of statements, which are hooked as a call; those in
    ``edited`` carry a ``tf.function`` (ours is the innermost decorator) and are hooked outside of it. The functions on
    the lines of ``entries`` report when their own code is entered. That happens when Python runs them, or while
    tracing if AutoGraph does not convert them; a graph never enters it.
    """
    tree = ast.parse(data, path)
    for stretch in hooks.values():
        if isinstance(stretch, Stretch):
            mark(tree, stretch)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno in entries:
            _announce(node, entries[node.lineno])
        candidate = hooks.get(node.lineno) if isinstance(node, ast.FunctionDef) else None
        if isinstance(node, ast.FunctionDef) and isinstance(candidate, str):
            position = _graph_decorator(node) if candidate in edited else len(node.decorator_list)
            place = node.decorator_list[position] if position < len(node.decorator_list) else node
            hook = _call(HOOK_NAME, "lambda _: lambda function: function", candidate)
            for part in ast.walk(hook):
                # The hook must not be on a line above the function's first one, because `getsource` starts there.
                if isinstance(part, (ast.expr, ast.keyword, ast.arg)):
                    ast.copy_location(part, place)
                    part.end_lineno, part.end_col_offset = part.lineno, part.col_offset
            node.decorator_list.insert(position, hook)
    code: CodeType = compile(tree, path, "exec", dont_inherit=True)
    return code


def _call(name: str, otherwise: str, candidate: str) -> ast.expr:
    """A call of one of our builtins; in another process (joblib may send code there) a call of ``otherwise``."""
    return ast.parse(f"__import__('builtins').__dict__.get({name!r}, {otherwise})({candidate!r})", mode="eval").body


def _graph_decorator(node: ast.FunctionDef) -> int:
    """The position of the innermost decorator named ``function``; if there is none, of the innermost decorator."""
    for position, decorator in reversed(list(enumerate(node.decorator_list))):
        named = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(decorator, ast.Call) and ast.unparse(named).endswith("partial") and decorator.args:
            named = decorator.args[0]
        if (named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")) == "function":
            return position
    return max(len(node.decorator_list) - 1, 0)


def _announce(node: ast.FunctionDef | ast.AsyncFunctionDef, candidate: str) -> None:
    """Insert a call that reports the function's entry before its first statement, on that statement's line."""
    documented = ast.get_docstring(node, clean=False) is not None
    place = node.body[min(int(documented), len(node.body) - 1)]
    statement = ast.Expr(_call(ENTRY_NAME, "''.__class__", candidate))
    for part in ast.walk(statement):
        if isinstance(part, (ast.stmt, ast.expr)):
            ast.copy_location(part, place)
    node.body.insert(int(documented), statement)


class Loader(importlib.machinery.SourceFileLoader):
    """Loads one file of the scratch copy, compiled from source (never from a cached ``.pyc``)."""

    def __init__(
        self, name: str, path: str, hooks: Mapping[int, Hook], edited: frozenset[str], entries: Mapping[int, str] = {}
    ) -> None:
        super().__init__(name, path)
        self._hooks = hooks
        self._edited = edited
        self._entries = entries

    def get_code(self, fullname: str) -> CodeType:
        """Compile the scratch copy's file with its hooks."""
        path = self.get_filename(fullname)
        return compile_with_hooks(self.get_data(path), path, self._hooks, self._edited, self._entries)


class Finder(importlib.abc.MetaPathFinder):
    """Asks the other finders for a module, then redirects the project's modules to their copy.

    ``mapping`` pairs the project's folder with its copy. It also calls ``before`` and ``after`` callbacks around
    a named module's import; if a callback raises, ``failed`` gets the exception and the import goes on.
    """

    def __init__(
        self,
        mapping: Sequence[tuple[str, str]],
        hooks: Mapping[str, Mapping[int, Hook]],
        edited: frozenset[str],
        failed: Callable[[Exception], None],
        entries: Mapping[str, Mapping[int, str]] = {},
    ) -> None:
        self._mapping = mapping
        self._hooks = hooks
        self._edited = edited
        self._failed = failed
        self._entries = entries
        self._before: dict[str, list[Callable[[], None]]] = {}
        self._after: dict[str, list[Callable[[ModuleType], None]]] = {}
        self._busy: set[tuple[int, str]] = set()

    def after(self, name: str, callback: Callable[[ModuleType], None]) -> None:
        """Call ``callback(module)`` when the module ``name`` has been imported, at once if it already is."""
        if name in sys.modules:
            callback(sys.modules[name])
        else:
            self._after.setdefault(name, []).append(callback)

    def before(self, name: str, callback: Callable[[], None]) -> None:
        """Call ``callback()`` just before the module ``name`` is executed, not when it is only searched for."""
        self._before.setdefault(name, []).append(callback)

    def copied(self, path: str) -> str:
        """The scratch copy of a project's path; other paths, and Python environments in the project, unchanged."""
        around = [folder for folder in (sys.prefix, sys.base_prefix) if inside(path, folder)]
        own = any(not inside(project, folder) for folder in around for project, _ in self._mapping)
        return path if own or is_library(path) else copied(self._mapping, path)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Ask the other finders, then redirect and hook the module that they found."""
        key = threading.get_ident(), fullname
        if key in self._busy:
            return None
        self._busy.add(key)
        try:
            spec = None
            for finder in sys.meta_path:
                find = getattr(finder, "find_spec", None)
                if finder is not self and find is not None:
                    spec = find(fullname, path, target)
                    if spec is not None:
                        break
        finally:
            self._busy.discard(key)
        if spec is None:
            return None
        spec = self._redirect(fullname, spec)
        if spec.loader is not None and (fullname in self._before or fullname in self._after):
            spec.loader = _WatchedLoader(spec.loader, self._before.pop, self._after.pop, self._failed)
        return spec

    def _redirect(self, fullname: str, spec: importlib.machinery.ModuleSpec) -> importlib.machinery.ModuleSpec:
        origin = spec.origin
        if origin is None or not origin.endswith(".py"):
            return spec
        path = self.copied(os.path.normpath(origin) if _leads_there(origin) else origin)
        place = os.path.normpath(path)
        hooks, entries = self._hooks.get(place), self._entries.get(place)
        if path == origin and hooks is None and entries is None:
            return spec
        locations = spec.submodule_search_locations
        redirected = importlib.util.spec_from_file_location(
            fullname,
            path,
            loader=Loader(fullname, path, hooks or {}, self._edited, entries or {}),
            submodule_search_locations=[self.copied(item) for item in locations] if locations else None,
        )
        return redirected or spec


def _leads_there(path: str) -> bool:
    """Whether a path means the same file after `normpath`; a ``..`` after a link changes it."""
    with contextlib.suppress(OSError):
        return os.path.samefile(path, os.path.normpath(path))
    return False


class _WatchedLoader(importlib.abc.Loader):
    """Runs callbacks before and after a module's own loader executes it, and restores that loader in the module.

    An exception in a callback is our failure, and must not fail the import.
    """

    def __init__(
        self,
        inner: Any,
        take_before: Callable[..., Any],
        take_after: Callable[..., Any],
        failed: Callable[[Exception], None],
    ) -> None:
        self._inner = inner
        self._take_before = take_before
        self._take_after = take_after
        self._failed = failed

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._inner.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._inner
        module.__loader__ = self._inner
        for callback in self._take_before(module.__name__, ()):
            self._call(callback)
        self._inner.exec_module(module)
        for callback in self._take_after(module.__name__, ()):
            self._call(callback, module)

    def _call(self, callback: Callable[..., None], *arguments: Any) -> None:
        try:
            callback(*arguments)
        except Exception as error:
            self._failed(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
