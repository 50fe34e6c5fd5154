"""Finds a call's changes of Python state that outlive it (in the child process).

A snapshot walks everything that the call can reach (see ``walking``). It keeps a shallow copy of every container,
attribute dictionary and array, and a fingerprint of objects that keep their state in C. After the call the copies are
compared by identity and value. TensorFlow's own objects are left out: their changes are changes of variables, which
are not Python's side effects.
"""

from __future__ import annotations

import array
import functools
import operator
import sys
import threading
import types
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ...installed import PACKAGE, is_library
from . import contents, hidden, marks, pyfuncs
from .marks import ATOMS, MISSING, brief, is_atom, is_same_atom
from .walking import Kept, Walk

if TYPE_CHECKING:
    from .calls import Company

_PLAIN = frozenset(ATOMS)
_PARTS = ("__code__", "__defaults__", "__kwdefaults__", "__kwdefaults__")
_ATTRIBUTES = {
    "attribute": "attribute",
    "class attribute": "class attribute",
    "function attribute": "attribute",
    "module": "global",
    "library module": "global",
    "library class": "class attribute",
}


@dataclass(frozen=True)
class Change:
    """One change: ``kind`` is attribute, item, global, closure, array, random, printed, file, …"""

    kind: str
    subject: str
    detail: str
    place: str | None = None

    @property
    def leaves_the_process(self) -> bool:
        """Whether it was observed directly, in this thread, rather than found by comparing two states."""
        return self.kind in ("printed", "file", "system", "variable")


class Snapshot(Walk):
    """The Python state that a call can reach, at one moment. It keeps the containers alive, so use it briefly."""

    def __init__(
        self,
        roots: Mapping[str, Any],
        function: Callable[..., Any] | None,
        project: Project,
        company: Company | None = None,
    ) -> None:
        self._threads = threading.active_count()
        self._window = pyfuncs.Window()
        #: Whether other threads of the script ran, which may have caused a change.
        self.beside = _is_beside_others()
        super().__init__(roots, function, project, company)

    @property
    def objects(self) -> list[Any]:
        """The objects that the walk visited."""
        return list(self._seen.values())

    @property
    def unseen(self) -> str:
        """Why a change may have been missed; empty if everything that the call may change was inspected."""
        return self.blind

    def changes(self) -> list[Change]:
        """The differences between the snapshot and now."""
        self.beside = self.beside or _is_beside_others()
        found: list[Change] = []
        for kept in self._kept:
            # If other threads run, changes of objects that the call's code does not name are theirs.
            if kept.near or not self.beside:
                found.extend(self._changes_in(kept))
        for space, name, value in self._names.values():
            if name not in space:
                if value is not MISSING:
                    found.append(Change("global", name, "was deleted"))
            elif value is MISSING:
                found.append(Change("global", name, f"was added ({brief(space[name])})"))
            elif _differs(value, space[name]):
                found.append(Change("global", name, _change(value, space[name])))
        for label, cell, value in self._cells:
            now = _content(cell)
            if now is not MISSING and _differs(value, now):
                found.append(Change("closure", label, _change(value, now)))
        if self._window.drew(0):
            found.append(Change("random", "random", "Python random numbers were drawn"))
        if self._window.drew(1):
            found.append(Change("random", "np.random", "NumPy random numbers were drawn"))
        if threading.active_count() > self._threads:
            found.append(Change("thread", "threading", "a thread was started"))
        elif found:
            self.beside = self.beside or self._window.ran
        return found

    def _changes_in(self, kept: Kept) -> Iterator[Change]:
        kind, label, container, copy, _ = kept
        if kind == "array":
            if marks.array_mark(container, not isinstance(copy, marks.Part)) != copy:
                yield Change("array", label, "was changed in place")
        elif kind == "random":
            if marks.random_mark(container) != copy:
                yield Change("random", label, "random numbers were drawn from it")
        elif kind == "iterator":
            if marks.iterator_mark(container) != copy:
                yield Change("iterator", label, "was advanced")
        elif kind == "state":
            if _has_moved(container, copy):
                yield Change("state", label, f"the {type(container).__name__} is in another state")
        elif kind == "function":
            for name, before, after in zip(_PARTS, copy, contents.function_parts(container), strict=True):
                if _differs(before, after):
                    yield Change("attribute", f"{label}.{name}", _change(before, after))
                    break
        elif kind in _ATTRIBUTES:
            old, now = self._the_calls(kept, copy), self._the_calls(kept, self._now(kind, container))
            yield from _table_changes(_ATTRIBUTES[kind], label + ".", "", old.items(), now.items())
        elif isinstance(container, dict):
            yield from _table_changes("item", label + "[", "]", copy, contents.entries(container))
        elif isinstance(container, set):
            if not _is_same_set(copy, list(set.__iter__(container))):
                yield Change("item", label, f"changed ({len(copy)} then {set.__len__(container)} items)")
        elif isinstance(container, (bytearray, array.array)):
            if bytes(container) != copy:
                yield Change("item", label, f"changed ({len(copy)} then {len(bytes(container))} bytes)")
        else:
            items = contents.items(container)
            if len(items) != len(copy):
                yield Change("item", label, f"changed length: {len(copy)} then {len(items)}")
            elif not all(map(operator.is_, copy, items)):
                for number, (old, new) in enumerate(zip(copy, items, strict=True)):
                    if _differs(old, new):
                        yield Change("item", f"{label}[{number}]", _change(old, new))
                        break

    def _now_of(self, kept: Kept, kind: str, container: Any) -> dict[str, Any]:
        return self._the_calls(kept, self._now(kind, container))

    def _the_calls(self, kept: Kept, attributes: dict[str, Any]) -> dict[str, Any]:
        """The attributes that the call may have set: if other threads run, only those that its code may name."""
        if kept.kind != "attribute" or not self.beside:
            return attributes
        return {name: item for name, item in attributes.items() if self._may_name(kept.container, name)}

    def restore(self) -> None:
        """Restore changed containers, attributes, names, cells and random states, as far as possible.

        If other threads run, random states, and objects that the call's code does not name, are not restored.
        """
        for kept in self._kept:
            theirs = self.beside and (kept.kind == "random" or not kept.near)
            if not theirs and any(True for _ in self._changes_in(kept)):
                copy = self._the_calls(kept, kept.copy) if kept.kind == "attribute" else kept.copy
                contents.restore(kept.kind, kept.container, copy, partial(self._now_of, kept))
        for space, name, value in self._names.values():
            if value is MISSING:
                space.pop(name, None)
            elif space.get(name, MISSING) is not value:
                space[name] = value
        for _, cell, value in self._cells:
            if value is MISSING:
                del cell.cell_contents
            elif _content(cell) is not value:
                cell.cell_contents = value
        if not self.beside:
            self._window.restore()


class Project:
    """The user's code: files in the scratch copy, or below other ``roots``, but not below ``without``.

    Modules elsewhere that belong to no library are the user's too. This tool's own modules never are, even if they
    lie below one of the roots (in a test).
    """

    def __init__(self, roots: list[str], assigned_attributes: list[str], without: Collection[str] = ()) -> None:
        self.roots = tuple(root.rstrip("/") + "/" for root in roots)
        self._without = tuple(root.rstrip("/") + "/" for root in (*without, PACKAGE))
        self.assigned_attributes = frozenset(assigned_attributes)

    def has(self, file: str) -> bool:
        """Whether a file is one of the project's."""
        return file.startswith(self.roots) and not file.startswith(self._without)

    def owns(self, code: types.CodeType | None) -> bool:
        """Whether code was compiled from one of the project's files."""
        return code is not None and self._owns_file(code.co_filename)

    def _owns_file(self, file: str) -> bool:
        return self.has(file) or (_is_a_users(file) and not file.startswith(self._without))

    def owns_module(self, module: types.ModuleType) -> bool:
        """Whether a module is one of the project's."""
        return self._owns_file(marks.file_of(module))

    def owns_class(self, cls: type) -> bool:
        """Whether a class is defined in one of the project's modules."""
        name = marks.module_of(cls)
        module = sys.modules.get(name)
        return module is not None and (name == "__main__" or self.owns_module(module))

    def place(self) -> str | None:
        """The project's innermost line on the stack, as file:line."""
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None:
            if self.has(frame.f_code.co_filename):
                return f"{frame.f_code.co_filename}:{frame.f_lineno}"
            frame = frame.f_back
        return None


def disregard(threads: Collection[threading.Thread]) -> None:
    """Ignore threads that are not the script's, such as those of a test runner."""
    _disregarded.update(threads)


_disregarded: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


@functools.lru_cache(maxsize=8192)
def _is_a_users(path: str) -> bool:
    """Whether a file is Python source outside of all libraries (a helper beside the project, on PYTHONPATH)."""
    is_source = path.startswith("/") and path.endswith(".py") and contents.AUTOGRAPH_FILE not in path
    return is_source and not is_library(path)


def _is_beside_others() -> bool:
    """Whether other threads of the script run; a main thread that waits in `threading` does not count."""
    main, here = threading.main_thread(), threading.current_thread()
    others = (thread for thread in threading.enumerate() if thread not in _disregarded)
    if any(t not in (main, here) and not t.name.startswith("hybridize-") for t in others):
        return True
    frame = sys._current_frames().get(main.ident or 0) if main is not here else None
    return frame is not None and frame.f_code.co_filename != threading.__file__


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def _has_moved(value: Any, mark: Any) -> bool:
    try:
        return bool(hidden.mark(value) != mark)
    except marks.Unseen:
        return True


def _table_changes(
    kind: str, before: str, after: str, old: Collection[tuple[Any, Any]], new: Collection[tuple[Any, Any]]
) -> Iterator[Change]:
    """The changes of a dictionary, or of attributes. Keys are compared without calling their methods."""
    if len(old) == len(new) and all(a is c and b is d for (a, b), (c, d) in zip(old, new, strict=True)):
        return
    earlier, later = ({_token(key): (key, value) for key, value in table} for table in (old, new))
    changed = False
    for token, (key, value) in later.items():
        label = f"{before}{key if kind != 'item' else brief(key)}{after}"
        if token not in earlier:
            changed = True
            yield Change(kind, label, f"was added ({brief(value)})")
        elif _differs(earlier[token][1], value):
            changed = True
            yield Change(kind, label, _change(earlier[token][1], value))
    for token, (key, _) in earlier.items():
        if token not in later:
            changed = True
            yield Change(kind, f"{before}{key if kind != 'item' else brief(key)}{after}", "was removed")
    if not changed and kind == "item" and list(earlier) != list(later):
        yield Change(kind, before.rstrip("["), "has its keys in another order")


def _token(key: Any) -> Any:
    """The identity of a key: its value if that is plain, else the object."""
    if type(key) is tuple:
        return tuple(map(_token, key))
    kind = type(key)
    # A user's subclass of `str` may have its own hash, which must not be called; use the object's identity.
    plain = kind in _PLAIN or (issubclass(kind, ATOMS) and marks.module_of(kind) == "numpy")
    return (kind, key) if plain else (object, id(key))


def _is_same_set(old: list[Any], new: list[Any]) -> bool:
    if len(old) != len(new):
        return False
    return set(map(id, old)) == set(map(id, new)) or set(map(_token, old)) == set(map(_token, new))


def _differs(old: Any, new: Any) -> bool:
    if old is new:
        return False
    if is_atom(old) and is_atom(new):
        return not is_same_atom(old, new)
    if type(old) is type(new) is tuple:
        return len(old) != len(new) or any(map(_differs, old, new))
    if type(old) is type(new) is types.MethodType:
        return old.__self__ is not new.__self__ or old.__func__ is not new.__func__
    return True


def _change(old: Any, new: Any) -> str:
    return f"{brief(old)} then {brief(new)}" if is_atom(new) else f"now holds another {brief(new)}"
