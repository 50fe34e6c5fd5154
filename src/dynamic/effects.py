"""Inside the child: what a call changed in Python that outlives it.

A snapshot walks everything that the call can reach (its arguments, the globals and closure cells that its
code and that of the project's functions it reaches can name) and keeps a shallow copy of every container,
attribute dictionary and array; afterwards the copies are compared by identity and value. TensorFlow's own
objects are left out: what changes in them are variables, which are TensorFlow's effects, not Python's.
"""

from __future__ import annotations

import collections
import itertools
import random
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import marks
from .marks import ATOMS

OBJECTS = 20_000
LIBRARIES = ("tensorflow", "keras", "tf_keras", "numpy", "tensorflow_probability")
# What our hooks and AutoGraph keep on functions.
_FUNCTION_ATTRIBUTES = frozenset({"__wrapped__", "__signature__", "autograph_info__"})


@dataclass(frozen=True)
class Change:
    """One change: ``kind`` is attribute, item, global, closure, array, random, printed, file, …"""

    kind: str
    subject: str
    detail: str
    place: str | None = None


class Snapshot:
    """The Python state that a call can reach, at one moment. Keeps the containers alive, so: short-lived."""

    def __init__(self, roots: Mapping[str, Any], function: Callable[..., Any], project: Project) -> None:
        self._project = project
        self._seen: dict[int, Any] = {}
        self._kept: list[tuple[str, str, Any, Any]] = []  # kind, label, container, copy
        self._names: list[tuple[str, dict[str, Any], str, Any]] = []
        self._cells: list[tuple[str, Any, Any]] = []
        self.complete = True
        self._random = random.getstate()
        self._np_random = _np_state()
        self._threads = threading.active_count()
        self._queue: collections.deque[tuple[str, Any]] = collections.deque(roots.items())
        self._functions: set[int] = set()
        self._reach(function)
        while self._queue:
            label, value = self._queue.popleft()
            if len(self._seen) > OBJECTS:
                self.complete = False
                break
            self._visit(label, value)

    def _reach(self, function: Any) -> None:
        """Take in the names that a function of the project can read or write, and those of its callees."""
        function = getattr(function, "python_function", function)
        function = getattr(function, "__func__", function)
        while hasattr(function, "__wrapped__") and not self._project.owns(getattr(function, "__code__", None)):
            function = function.__wrapped__
        code = getattr(function, "__code__", None)
        if code is None or id(code) in self._functions or not self._project.owns(code):
            return
        self._functions.add(id(code))
        space = function.__globals__
        for name in _names(code):
            if name in space:
                value = space[name]
                self._names.append((name, space, name, value))
                if isinstance(value, types.ModuleType):
                    if self._project.owns_module(value):
                        self._queue.append((name, vars(value)))
                elif isinstance(value, type):
                    self._visit_class(name, value)
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

    def _visit(self, label: str, value: Any) -> None:
        if isinstance(value, ATOMS) or id(value) in self._seen:
            return
        self._seen[id(value)] = value
        kind = type(value)
        if isinstance(value, (types.FunctionType, types.MethodType)) or hasattr(value, "python_function"):
            self._reach(value)
            if isinstance(value, types.MethodType):
                self._queue.append((label.rpartition(".")[0] or label, value.__self__))
            return
        if isinstance(value, (types.BuiltinFunctionType, types.ModuleType, type, types.CodeType)):
            return
        if isinstance(value, np.ndarray):
            self._kept.append(("array", label, value, _array_mark(value)))
        elif isinstance(value, dict):
            self._kept.append(("item", label, value, dict(value)))
            if len(value) <= 5000:
                self._queue.extend((f"{label}[{k!r}]"[:80], v) for k, v in list(value.items()))
        elif isinstance(value, (list, collections.deque)):
            self._kept.append(("item", label, value, list(value)))
            for number, item in enumerate(itertools.islice(value, 2000)):
                if not isinstance(item, ATOMS):
                    self._queue.append((f"{label}[{number}]", item))
        elif isinstance(value, (set, bytearray)):
            self._kept.append(("item", label, value, kind(value)))
        elif isinstance(value, tuple):
            self._queue.extend((f"{label}[{n}]", v) for n, v in enumerate(value[:2000]) if not isinstance(v, ATOMS))
        elif isinstance(value, (random.Random, np.random.Generator, np.random.RandomState)):
            self._kept.append(("random", label, value, _generator_state(value)))
        elif isinstance(value, (*_ITERATORS, types.GeneratorType)):
            self._kept.append(("iterator", label, value, _iterator_mark(value)))
        else:
            self._visit_object(label, value)

    def _visit_object(self, label: str, value: Any) -> None:
        library = type(value).__module__.partition(".")[0] in LIBRARIES
        if library and not hasattr(value, "layers"):
            return
        attributes = getattr(value, "__dict__", None)
        if isinstance(attributes, dict):
            own = self._own(value, attributes)
            if not library:
                self._kept.append(("attribute", label, value, own))
                self._visit_class(label, type(value), follow=True)
            self._queue.extend((f"{label}.{name}", item) for name, item in own.items())
        elif hasattr(type(value), "__slots__"):
            slots = {s: getattr(value, s) for s in _slots(type(value)) if hasattr(value, s)}
            self._kept.append(("attribute", label, value, slots))
            self._queue.extend((f"{label}.{name}", item) for name, item in slots.items())

    def _visit_class(self, label: str, cls: type, follow: bool = False) -> None:
        """Take in a project class's own attributes, and the names that its methods can reach."""
        for base in cls.__mro__:
            if id(base) in self._seen or not self._project.owns_class(base):
                continue
            self._seen[id(base)] = base
            data = {}
            for name, item in vars(base).items():
                plain = getattr(item, "__func__", None) or getattr(item, "fget", None) or item
                if callable(plain) and (isinstance(plain, types.FunctionType) or hasattr(plain, "python_function")):
                    self._reach(plain)
                elif not name.startswith("__"):
                    data[name] = item
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
        for label, space, name, value in self._names:
            if name not in space:
                found.append(Change("global", label, "was deleted"))
            elif _differs(value, space[name]):
                found.append(Change("global", label, _change(value, space[name])))
        for label, cell, value in self._cells:
            try:
                now = cell.cell_contents
            except ValueError:
                continue
            if _differs(value, now):
                found.append(Change("closure", label, _change(value, now)))
        if random.getstate() != self._random:
            found.append(Change("random", "random", "Python random numbers were drawn"))
        if _np_state() != self._np_random:
            found.append(Change("random", "np.random", "NumPy random numbers were drawn"))
        if threading.active_count() > self._threads:
            found.append(Change("thread", "threading", "a thread was started"))
        return found

    def _changes_in(self, kind: str, label: str, container: Any, copy: Any) -> Iterator[Change]:
        if kind == "array":
            if _array_mark(container) != copy:
                yield Change("array", label, "was changed in place")
        elif kind == "random":
            if _generator_state(container) != copy:
                yield Change("random", label, "random numbers were drawn from it")
        elif kind == "iterator":
            if _iterator_mark(container) != copy:
                yield Change("iterator", label, "was advanced")
        elif kind in ("attribute", "class attribute"):
            now = _attributes(container, copy, self._own if kind == "attribute" else None)
            yield from _dictionary_changes(kind, label + ".", "", copy, now)
        elif isinstance(container, dict):
            yield from _dictionary_changes("item", label + "[", "]", copy, container)
        elif isinstance(container, (set, bytearray)):
            if container != copy:
                yield Change("item", label, f"changed ({len(copy)} then {len(container)} items)")
        else:
            items = list(container)
            if len(items) != len(copy):
                yield Change("item", label, f"changed length: {len(copy)} then {len(items)}")
            else:
                for number, (old, new) in enumerate(zip(copy, items, strict=True)):
                    if _differs(old, new):
                        yield Change("item", f"{label}[{number}]", _change(old, new))
                        break

    def restore(self) -> None:
        """Put back what can be put back: containers, attributes, names, cells and random states."""
        for kind, _, container, copy in self._kept:
            if kind == "attribute":
                for name, value in copy.items():
                    if getattr(container, "__dict__", {}).get(name, copy) is not value:
                        object.__setattr__(container, name, value)
                attributes = getattr(container, "__dict__", None)
                if isinstance(attributes, dict):
                    for name in set(self._own(container, attributes)) - set(copy):
                        attributes.pop(name, None)
            elif kind == "item" and isinstance(container, dict):
                dict.clear(container)
                dict.update(container, copy)
            elif kind == "item" and isinstance(container, list):
                if len(container) != len(copy) or any(a is not b for a, b in zip(container, copy, strict=True)):
                    list.__setitem__(container, slice(None), copy)
            elif kind == "item" and isinstance(container, (set, collections.deque, bytearray)):
                container.clear()
                container.extend(copy) if not isinstance(container, set) else container.update(copy)
            elif kind == "random":
                _set_generator_state(container, copy)
            elif kind == "array" and isinstance(copy, np.ndarray) and container.flags.writeable:
                container[...] = copy
        for _, space, name, value in self._names:
            space[name] = value
        for _, cell, value in self._cells:
            cell.cell_contents = value
        random.setstate(self._random)
        _set_np_state(self._np_random)


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


def _names(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names(constant)
    return names


def _slots(cls: type) -> list[str]:
    found: list[str] = []
    for base in cls.__mro__:
        slots = base.__dict__.get("__slots__", ())
        found.extend([slots] if isinstance(slots, str) else slots)
    return [slot for slot in found if slot not in ("__dict__", "__weakref__")]


def _attributes(container: Any, copy: Mapping[str, Any], own: Callable[..., dict[str, Any]] | None) -> dict[str, Any]:
    if own is None:
        return {name: vars(container)[name] for name in copy if name in vars(container)}
    attributes = getattr(container, "__dict__", None)
    if isinstance(attributes, dict):
        return own(container, attributes)
    return {name: getattr(container, name) for name in _slots(type(container)) if hasattr(container, name)}


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
