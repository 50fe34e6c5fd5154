"""Inside the child: what objects of Keras and TensorFlow hold of the project's.

Layers in a container, functions that a layer, a loss or an optimizer was given: a call of the library's object runs
the project's code, and no name of the project's leads there.
"""

from __future__ import annotations

import collections
import functools
import types
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...sandbox.child.binding import unhooked
from ...tensorflow_internals import KERAS_BOOKKEEPERS, KERAS_BOOKKEEPING
from . import contents, marks, ownership
from .grips import plain
from .marks import ATOMS

if TYPE_CHECKING:
    from .effects import Project

_PLAIN = frozenset(ATOMS)
_CONTAINERS = (list, tuple, set, frozenset, collections.deque)
_FUNCTIONS = (types.FunctionType, types.MethodType)


class Holdings:
    """Finds what is held. One is for one walk: it remembers what it found out about classes."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._of_kind: dict[type, bool] = {}

    def of(self, attributes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """By attribute, what is held of the project's, and the library's objects that may hold such.

        ``attributes`` are those of an object of a library's class. Containers are gone through.
        """
        seen: set[int] = set()
        for name, value in attributes.items():
            if type(value) in _PLAIN or name in KERAS_BOOKKEEPING:
                continue
            waiting = [value]
            while waiting:
                item = waiting.pop()
                items = _items(item)
                if items is not None:
                    if id(item) in seen:
                        continue
                    seen.add(id(item))
                    waiting.extend(each for each in items if type(each) not in _PLAIN)
                # What it was given in a container of its own (a function's arguments) is the project's as well.
                given = item is value and items is not None and not name.startswith("_") and type(item) is not tuple
                if given or self._leads_on(item):
                    yield name, item

    def _leads_on(self, value: Any) -> bool:
        kind = type(value)
        if issubclass(kind, type):
            return self._project.owns_class(value)
        if issubclass(kind, _FUNCTIONS) or contents.is_graph_function(value):
            return self._is_own_code(value)
        known = self._of_kind.get(kind)
        if known is None:
            known = self._project.owns_class(kind) or kind is functools.partial or is_part(kind)
            self._of_kind[kind] = known
        return known

    def _is_own_code(self, function: Any) -> bool:
        while True:
            function = function.python_function if contents.is_graph_function(function) else function
            function = unhooked(getattr(function, "__func__", function))
            if self._project.owns(getattr(function, "__code__", None)):
                return True
            if not hasattr(function, "__wrapped__"):
                return False
            function = function.__wrapped__


def is_part(kind: type) -> bool:
    """Whether a class is, or is made of, one whose objects make up models: layers, losses, optimizers."""
    bases = kind.__mro__
    if issubclass(kind, (dict, *_CONTAINERS)) or any(base.__name__ in KERAS_BOOKKEEPERS for base in bases):
        return False
    return not marks.module_of(kind).startswith("tensorflow.") and any(map(ownership.is_left_out, bases))


def _items(value: Any) -> list[Any] | None:
    """The items of a container, and what a method or a function has been bound to; None of anything else."""
    kind = type(value)
    if issubclass(kind, types.MethodType):
        return [value.__self__]
    value = plain(value)
    kind = type(value)
    if issubclass(kind, dict):
        return [*dict.keys(value), *dict.values(value)]
    if issubclass(kind, _CONTAINERS):
        return contents.items(value) if issubclass(kind, (list, collections.deque)) else list(value)
    return None
