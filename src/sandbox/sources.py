"""Inside the child: imports the project from the scratch copy, with hooks around chosen functions.

A hook is a decorator put around a function when its file is compiled, directly outside of the decorator
that a plan has inserted, or of the bare function. The source on disk is never changed for it, so
``inspect.getsource``, tracebacks and AutoGraph see exactly the text that would be written.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, ModuleType
from typing import Any

# This package, which may itself lie in the project.
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOOK_NAME = "__hybridize_hook__"


def compile_with_hooks(data: bytes, path: str, hooks: Mapping[int, str], edited: frozenset[str]) -> CodeType:
    """Compile a file's text with a hook around each function whose ``def`` stands on a line of ``hooks``.

    ``hooks`` maps lines to candidate ids; those in ``edited`` carry our ``tf.function`` as their
    innermost decorator, and are hooked outside of it.
    """
    tree = ast.parse(data, path)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.lineno in hooks:
            candidate = hooks[node.lineno]
            place = node.decorator_list[-1] if node.decorator_list and candidate in edited else node
            hook = ast.Call(func=ast.Name(id=HOOK_NAME, ctx=ast.Load()), args=[ast.Constant(candidate)], keywords=[])
            for part in ast.walk(hook):
                # A decorator's line must not lie above the first one's: getsource starts there.
                if isinstance(part, (ast.expr, ast.keyword)):
                    ast.copy_location(part, place)
                    part.end_lineno, part.end_col_offset = part.lineno, part.col_offset
            position = len(node.decorator_list) - (1 if candidate in edited else 0)
            node.decorator_list.insert(max(position, 0), hook)
    code: CodeType = compile(tree, path, "exec", dont_inherit=True)
    return code


class Loader(importlib.machinery.SourceFileLoader):
    """Loads one file of the scratch copy, compiled anew (never from a cached ``.pyc``)."""

    def __init__(self, name: str, path: str, hooks: Mapping[int, str], edited: frozenset[str]) -> None:
        super().__init__(name, path)
        self._hooks = hooks
        self._edited = edited

    def get_code(self, fullname: str) -> CodeType:
        """Compile the file as it lies in the scratch copy, hooks included."""
        path = self.get_filename(fullname)
        return compile_with_hooks(self.get_data(path), path, self._hooks, self._edited)


class Finder(importlib.abc.MetaPathFinder):
    """Finds modules as the other finders do, then leads those of the project to their copy.

    It also calls ``after`` callbacks once a named module has been imported.
    """

    def __init__(
        self,
        project: tuple[str, str],
        hooks: Mapping[str, Mapping[int, str]],
        edited: frozenset[str],
    ) -> None:
        self._project = project
        self._hooks = hooks
        self._edited = edited
        self._before: dict[str, Callable[[], None]] = {}
        self._after: dict[str, list[Callable[[ModuleType], None]]] = {}
        self._busy: set[str] = set()

    def after(self, name: str, callback: Callable[[ModuleType], None]) -> None:
        """Call ``callback(module)`` when the module of that name has been imported."""
        if name in sys.modules:
            callback(sys.modules[name])
        else:
            self._after.setdefault(name, []).append(callback)

    def before(self, name: str, callback: Callable[[], None]) -> None:
        """Call ``callback()`` when the module of that name is about to be imported."""
        self._before[name] = callback

    def copied(self, path: str) -> str:
        """The scratch copy of a path of the project; any other path as it is, also an environment's inside it."""
        if path.startswith((sys.prefix + "/", sys.base_prefix + "/", _PACKAGE + "/")) or "/site-packages/" in path:
            return path
        original, copy = self._project
        if path == original or path.startswith(original.rstrip("/") + "/"):
            return copy + path[len(original.rstrip("/")) :]
        return path

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Ask the other finders, then redirect and hook what they found."""
        if fullname in self._busy:
            return None
        if fullname in self._before:
            self._before.pop(fullname)()
        self._busy.add(fullname)
        try:
            spec = None
            for finder in sys.meta_path:
                find = getattr(finder, "find_spec", None)
                if finder is not self and find is not None:
                    spec = find(fullname, path, target)
                    if spec is not None:
                        break
        finally:
            self._busy.discard(fullname)
        if spec is None:
            return None
        spec = self._redirect(fullname, spec)
        if fullname in self._after and spec.loader is not None:
            spec.loader = _AfterLoader(spec.loader, self._after.pop(fullname))
        return spec

    def _redirect(self, fullname: str, spec: importlib.machinery.ModuleSpec) -> importlib.machinery.ModuleSpec:
        origin = spec.origin
        if origin is None or not origin.endswith(".py"):
            return spec
        path = self.copied(origin)
        hooks = self._hooks.get(path)
        if path == origin and hooks is None:
            return spec
        locations = spec.submodule_search_locations
        redirected = importlib.util.spec_from_file_location(
            fullname,
            path,
            loader=Loader(fullname, path, hooks or {}, self._edited),
            submodule_search_locations=[self.copied(item) for item in locations] if locations else None,
        )
        return redirected or spec


class _AfterLoader(importlib.abc.Loader):
    """Runs callbacks after a module's own loader has executed it, then steps out of the way."""

    def __init__(self, inner: Any, callbacks: Sequence[Callable[[ModuleType], None]]) -> None:
        self._inner = inner
        self._callbacks = callbacks

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._inner.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._inner
        module.__loader__ = self._inner
        self._inner.exec_module(module)
        for callback in self._callbacks:
            callback(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
