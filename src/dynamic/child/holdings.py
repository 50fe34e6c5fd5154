"""Finds the project's objects inside of objects of Keras and TensorFlow (in the child process).

These are layers in a container, or functions given to a layer, a loss or an optimizer: a call of the library's object
runs the project's code, but no name in the project's code leads there.
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
    """The search of one walk; it caches its results about classes."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._of_kind: dict[type, bool] = {}

    def of(self, attributes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """The project's objects in an object's attributes, and the library objects that may contain such, by attribute.

        ``attributes`` are those of an object of a library's class. Containers are searched too.
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
                # A container in a public attribute (a function's arguments, say) belongs to the project too.
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
    """Whether a class is, or derives from, a library's class of model parts: layers, losses, optimizers."""
    bases = kind.__mro__
    if issubclass(kind, (dict, *_CONTAINERS)) or any(base.__name__ in KERAS_BOOKKEEPERS for base in bases):
        return False
    return not marks.module_of(kind).startswith("tensorflow.") and any(map(ownership.is_left_out, bases))


def _items(value: Any) -> list[Any] | None:
    """The items of a container, or the object of a bound method; None for anything else."""
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
