"""Inside the child: what a call changed in Python that outlives it.

A snapshot walks everything that the call can reach (its arguments, the globals and closure cells that its
code and that of the project's functions it reaches can name) and keeps a shallow copy of every container,
attribute dictionary and array; afterwards the copies are compared by identity and value. TensorFlow's own
objects are left out: what changes in them are variables, which are TensorFlow's effects, not Python's.
"""

from __future__ import annotations

import array
import collections
import functools
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import contents, marks, pyfuncs
from .contents import FUNCTION_ATTRIBUTES, LIBRARIES, MISSING
from .marks import ATOMS

#: A walk of more objects than these is given up; what was not looked at is a doubt.
OBJECTS = 50_000
_ATTRIBUTES = {
    "attribute": "attribute",
    "class attribute": "class attribute",
    "function attribute": "attribute",
    "module": "global",
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
        """Whether it was seen as it was done, in this thread, and not by comparing a state with an earlier one."""
        return self.kind in ("printed", "file", "system", "variable")


class Snapshot:
    """The Python state that a call can reach, at one moment. Keeps the containers alive, so: short-lived.

    ``complete`` says whether all of it was looked at; the walk ends after OBJECTS.
    """

    def __init__(self, roots: Mapping[str, Any], function: Callable[..., Any] | None, project: Project) -> None:
        self._project = project
        self._seen: dict[int, Any] = {}
        self._kept: list[tuple[str, str, Any, Any]] = []  # kind, label, container, copy
        self._names: list[tuple[dict[str, Any], str, Any]] = []
        self._cells: list[tuple[str, Any, Any]] = []
        self.complete = True
        self._threads = threading.active_count()
        self._window = pyfuncs.Window()
        #: Whether other threads of the script ran, which may be what changed something.
        self.beside = _is_beside_others()
        self._queue: collections.deque[tuple[str, Any]] = collections.deque(roots.items())
        self._functions: set[int] = set()
        if function is not None:
            self._reach(function)
        self._walk()

    @property
    def unseen(self) -> str:
        """Why a change may have been missed; empty where all was looked at."""
        return "" if self.complete else f"it can reach more than {OBJECTS:,} Python objects, too many to look at"

    def _walk(self) -> None:
        while self._queue:
            label, value = self._queue.popleft()
            if len(self._seen) > OBJECTS:
                self.complete = False
                break
            self._visit(label, value)

    def _reach(self, function: Any) -> None:
        """Take in the names that a function of the project can read or write, and those of its callees."""
        function = function.python_function if contents.is_graph_function(function) else function
        function = getattr(function, "__func__", function)
        while hasattr(function, "__wrapped__") and not self._project.owns(getattr(function, "__code__", None)):
            self._visit_function(function)
            function = function.__wrapped__
        code = getattr(function, "__code__", None)
        if code is None or id(code) in self._functions or not self._project.owns(code):
            return
        self._functions.add(id(code))
        self._visit_function(function)
        space = function.__globals__
        for name in _names(code):
            value = space.get(name, sys.modules.get(name))
            if name in space:
                self._names.append((space, name, value))
            if isinstance(value, types.ModuleType):
                self._visit_module(name, value)
            elif isinstance(value, type):
                self._visit_class(value)
            else:
                self._queue.append((name, value))
        for label, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
            try:
                self._cells.append((label, cell, cell.cell_contents))
                self._queue.append((label, cell.cell_contents))
            except ValueError:
                continue
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self._queue.append(("a default argument", default))
        wrapped = getattr(function, "__wrapped__", None)
        if wrapped is not None:
            self._reach(wrapped)

    def _visit_function(self, function: Any) -> None:
        """Take in the attributes that a project has hung on a function (``step.calls``)."""
        attributes = getattr(function, "__dict__", None)
        if isinstance(attributes, dict) and id(attributes) not in self._seen:
            self._seen[id(attributes)] = attributes
            own = {name: item for name, item in attributes.items() if name not in FUNCTION_ATTRIBUTES}
            label = str(getattr(function, "__name__", "function"))
            self._kept.append(("function attribute", label, attributes, own))
            self._queue.extend((f"{label}.{name}", item) for name, item in own.items())

    def _visit_module(self, label: str, module: types.ModuleType) -> None:
        space = vars(module)
        if id(space) in self._seen or not self._project.owns_module(module):
            return
        self._seen[id(space)] = space
        own = {name: item for name, item in space.items() if not name.startswith("__")}
        self._kept.append(("module", label, space, own))
        self._queue.extend((f"{label}.{name}", item) for name, item in own.items())

    def _visit(self, label: str, value: Any) -> None:
        kind = type(value)
        if isinstance(value, ATOMS) or id(value) in self._seen:
            return
        self._seen[id(value)] = value
        if issubclass(kind, (types.FunctionType, types.MethodType)) or contents.is_graph_function(value):
            self._reach(value)
            if isinstance(value, types.MethodType):
                self._queue.append((label.rpartition(".")[0] or label, value.__self__))
        elif issubclass(kind, types.ModuleType):
            self._visit_module(label, value)
        elif issubclass(kind, (types.BuiltinFunctionType, type, types.CodeType)):
            return
        elif issubclass(kind, functools.partial):
            self._queue.extend(
                [(label, value.func), (f"{label}.args", value.args), (f"{label}.keywords", value.keywords)]
            )
        elif issubclass(kind, functools._lru_cache_wrapper):
            self._reach(value)
        elif issubclass(kind, np.ndarray):
            self._kept.append(("array", label, value, marks.array_mark(value)))
            if issubclass(kind, np.ma.MaskedArray):
                self._queue.append((f"{label}.mask", np.ma.getmask(value)))
        elif isinstance(value, dict):
            self._visit_dictionary(label, value)
        elif issubclass(kind, (list, collections.deque)):
            items = contents.items(value)
            self._kept.append(("item", label, value, items))
            for number, item in enumerate(items[:2000]):
                if not isinstance(item, ATOMS):
                    self._queue.append((f"{label}[{number}]", item))
            self._visit_object(label, value)
        elif issubclass(kind, (set, bytearray, array.array)):
            self._kept.append(("item", label, value, set(value) if issubclass(kind, set) else bytes(value)))
        elif issubclass(kind, tuple):
            self._queue.extend((f"{label}[{n}]", v) for n, v in enumerate(value[:2000]) if not isinstance(v, ATOMS))
        elif issubclass(kind, marks.GENERATORS):
            self._kept.append(("random", label, value, marks.random_mark(value)))
        elif issubclass(kind, (*marks.ITERATORS, types.GeneratorType)):
            self._kept.append(("iterator", label, value, marks.iterator_mark(value)))
            self._queue.extend((f"{label} (inside)", item) for item in marks.inner_iterators(value))
        else:
            self._visit_object(label, value)

    def _visit_dictionary(self, label: str, value: Any) -> None:
        if not issubclass(type(value), dict):  # a proxy, as TensorFlow puts around dictionaries on its modules
            value = object.__getattribute__(value, "__wrapped__")
            if not isinstance(value, dict) or id(value) in self._seen:
                return
            self._seen[id(value)] = value
        copy = dict(dict.items(value))
        self._kept.append(("item", label, value, copy))
        if len(copy) <= 5000:
            self._queue.extend((f"{label}[{_brief(k)}]"[:80], v) for k, v in copy.items())
        self._visit_object(label, value)

    def _visit_object(self, label: str, value: Any) -> None:
        library = type(value).__module__.partition(".")[0] in LIBRARIES
        if library and not hasattr(type(value), "layers"):
            return
        attributes = contents.attributes(value)
        if attributes is None:
            return
        own = self._own(value, attributes)
        if not library:
            self._kept.append(("attribute", label, value, own))
            self._visit_class(type(value))
        self._queue.extend((f"{label}.{name}", item) for name, item in own.items())

    def _visit_class(self, cls: type) -> None:
        """Take in a project class's own attributes, and the names that its methods can reach."""
        for base in cls.__mro__:
            if id(base) in self._seen or not self._project.owns_class(base):
                continue
            self._seen[id(base)] = base
            data = contents.class_attributes(base)
            for item in vars(base).values():
                plain = getattr(item, "__func__", None) or getattr(item, "fget", None) or item
                if isinstance(plain, types.FunctionType) or contents.is_graph_function(plain):
                    self._reach(plain)
            self._kept.append(("class attribute", base.__name__, base, data))
            self._queue.extend((f"{base.__name__}.{name}", item) for name, item in data.items())

    def _own(self, value: Any, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes that are the project's: of a Keras object, not those that Keras keeps for itself."""
        if not any(base.__module__.partition(".")[0] in LIBRARIES for base in type(value).__mro__):
            return dict(attributes)
        assigned = self._project.assigned_attributes
        return {
            name: item
            for name, item in attributes.items()
            if name in assigned or (not name.startswith("_") and name not in _KERAS_PUBLIC)
        }

    def changes(self) -> list[Change]:
        """What is different now."""
        found: list[Change] = []
        for kind, label, container, copy in self._kept:
            found.extend(self._changes_in(kind, label, container, copy))
        for space, name, value in self._names:
            if name not in space:
                found.append(Change("global", name, "was deleted"))
            elif _differs(value, space[name]):
                found.append(Change("global", name, _change(value, space[name])))
        for label, cell, value in self._cells:
            try:
                now = cell.cell_contents
            except ValueError:
                continue
            if _differs(value, now):
                found.append(Change("closure", label, _change(value, now)))
        if self._window.drew(0):
            found.append(Change("random", "random", "Python random numbers were drawn"))
        if self._window.drew(1):
            found.append(Change("random", "np.random", "NumPy random numbers were drawn"))
        if threading.active_count() > self._threads:
            found.append(Change("thread", "threading", "a thread was started"))
        elif found:
            self.beside = self.beside or self._window.ran or _is_beside_others()
        return found

    def _changes_in(self, kind: str, label: str, container: Any, copy: Any) -> Iterator[Change]:
        if kind == "array":
            if marks.array_mark(container) != copy:
                yield Change("array", label, "was changed in place")
        elif kind == "random":
            if marks.random_mark(container) != copy:
                yield Change("random", label, "random numbers were drawn from it")
        elif kind == "iterator":
            if marks.iterator_mark(container) != copy:
                yield Change("iterator", label, "was advanced")
        elif kind in ("attribute", "class attribute", "function attribute", "module"):
            yield from _dictionary_changes(_ATTRIBUTES[kind], label + ".", "", copy, self._now(kind, container))
        elif isinstance(container, dict):
            yield from _dictionary_changes("item", label + "[", "]", copy, dict(dict.items(container)))
        elif isinstance(container, (set, bytearray, array.array)):
            if (container if isinstance(container, set) else bytes(container)) != copy:
                yield Change("item", label, f"changed ({len(copy)} then {len(container)} items)")
        else:
            items = contents.items(container)
            if len(items) != len(copy):
                yield Change("item", label, f"changed length: {len(copy)} then {len(items)}")
            else:
                for number, (old, new) in enumerate(zip(copy, items, strict=True)):
                    if _differs(old, new):
                        yield Change("item", f"{label}[{number}]", _change(old, new))
                        break

    def _now(self, kind: str, container: Any) -> dict[str, Any]:
        """What a container of attributes holds now, of what is the project's."""
        if kind == "class attribute":
            return contents.class_attributes(container)
        if kind == "function attribute":
            return {name: item for name, item in container.items() if name not in FUNCTION_ATTRIBUTES}
        if kind == "module":
            return {name: item for name, item in container.items() if not name.startswith("__")}
        return self._own(container, contents.attributes(container) or {})

    def restore(self) -> None:
        """Put back what has changed and can be put back: containers, attributes, names, cells, random states."""
        for kind, label, container, copy in self._kept:
            if any(True for _ in self._changes_in(kind, label, container, copy)):
                contents.restore(kind, container, copy, self._now)
        for space, name, value in self._names:
            if space.get(name, MISSING) is not value:
                space[name] = value
        for _, cell, value in self._cells:
            cell.cell_contents = value
        self._window.restore()


class Project:
    """Which code is the user's: what lies in the scratch copy."""

    def __init__(self, roots: list[str], assigned_attributes: list[str]) -> None:
        self.roots = tuple(root.rstrip("/") + "/" for root in roots)
        self.assigned_attributes = frozenset(assigned_attributes)

    def owns(self, code: types.CodeType | None) -> bool:
        """Whether code was compiled from one of the project's files."""
        return code is not None and code.co_filename.startswith(self.roots)

    def owns_module(self, module: types.ModuleType) -> bool:
        """Whether a module is one of the project's."""
        return str(getattr(module, "__file__", "") or "").startswith(self.roots)

    def owns_class(self, cls: type) -> bool:
        """Whether a class is defined in one of the project's modules."""
        module = sys.modules.get(cls.__module__)
        return module is not None and (cls.__module__ == "__main__" or self.owns_module(module))

    def place(self) -> str | None:
        """The innermost line of the project that is being executed, as file:line."""
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename.startswith(self.roots):
                return f"{frame.f_code.co_filename}:{frame.f_lineno}"
            frame = frame.f_back
        return None


# Attributes without an underscore that Keras itself sets on layers and models while they are used.
_KERAS_PUBLIC = frozenset(
    {
        "built",
        "optimizer",
        "loss",
        "stop_training",
        "history",
        "supports_masking",
        "inputs",
        "outputs",
        "trainable",
        "autocast",
        "seed_generator",
        "steps_per_execution",
        "jit_compile",
        "compiled",
        "test_function",
        "train_function",
        "predict_function",
    }
)


def _is_beside_others() -> bool:
    """Whether other threads of the script are there; a main thread that waits for this one does nothing."""
    main, here = threading.main_thread(), threading.current_thread()
    if any(t not in (main, here) and not t.name.startswith("hybridize-") for t in threading.enumerate()):
        return True
    frame = sys._current_frames().get(main.ident or 0) if main is not here else None
    return frame is not None and frame.f_code.co_filename != threading.__file__


def _names(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names(constant)
    return names


def _dictionary_changes(
    kind: str, before: str, after: str, old: Mapping[Any, Any], new: Mapping[Any, Any]
) -> Iterator[Change]:
    for name in list(new):
        label = f"{before}{name if kind != 'item' else repr(name)}{after}"
        if name not in old:
            yield Change(kind, label, f"was added ({_brief(new[name])})")
        elif _differs(old[name], new[name]):
            yield Change(kind, label, _change(old[name], new[name]))
    for name in old:
        if name not in new:
            yield Change(kind, f"{before}{name if kind != 'item' else repr(name)}{after}", "was removed")


def _differs(old: Any, new: Any) -> bool:
    if old is new:
        return False
    if isinstance(old, ATOMS) and isinstance(new, ATOMS):
        # nan is not equal to itself, but it is no change
        return type(old) is not type(new) or (old != new and not (old != old and new != new))
    if isinstance(old, types.MethodType) and isinstance(new, types.MethodType):
        return bool(old != new)
    return True


def _change(old: Any, new: Any) -> str:
    return f"{_brief(old)} then {_brief(new)}" if isinstance(new, ATOMS) else f"now holds another {_brief(new)}"


def _brief(value: Any) -> str:
    return repr(value)[:40] if isinstance(value, ATOMS) else type(value).__name__
