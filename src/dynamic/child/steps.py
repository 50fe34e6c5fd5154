"""Follows one step from a value to a part of it, and stores there, without running the user's code (in the child)."""

from __future__ import annotations

import collections
import types
from typing import Any

from . import contents
from .chains import Step
from .grips import plain

#: The result of a step that only the value's own code could follow, and of a step to nothing.
OPAQUE, GONE = object(), object()


def follow(value: Any, step: Step) -> Any:
    """The value after one step, read without running the user's code; OPAQUE or GONE if there is none."""
    kind, key = step
    if kind == "cell":
        try:
            return value.cell_contents
        except ValueError:
            return GONE
    if kind == ".":
        return _attribute(value, str(key))
    value = plain(value)
    held = type(value)
    if issubclass(held, dict):
        return dict.get(value, key, GONE)
    if issubclass(held, (list, tuple, collections.deque)) and isinstance(key, int):
        kinds: tuple[Any, ...] = (list, tuple, collections.deque)
        kind_of = next(one for one in kinds if issubclass(held, one))
        try:
            return kind_of.__getitem__(value, key)
        except IndexError:
            return GONE
    return OPAQUE


def store(holder: Any, step: Step, value: Any) -> bool:
    """Store a value at the end of a step, without running the user's code; returns whether that was possible."""
    kind, key = step
    if kind == "cell":
        holder.cell_contents = value
        return True
    if kind == "[":
        held = plain(holder)
        if issubclass(type(held), dict) and type(held).__setitem__ is dict.__setitem__:
            dict.__setitem__(held, key, value)
            return True
        if issubclass(type(held), list) and type(held).__setitem__ is list.__setitem__ and isinstance(key, int):
            list.__setitem__(held, key, value)
            return True
        return False
    own = getattr(holder, "__dict__", None) if issubclass(type(holder), types.ModuleType) else _own_attributes(holder)
    if kind == "." and isinstance(own, dict) and key in own:
        own[key] = value
        return True
    return False


def _own_attributes(value: Any) -> Any:
    """The attribute dictionary of an instance; None for a class, whose dictionary can't be written."""
    if issubclass(type(value), type):
        return None
    return contents.own_dictionary(value)


def _attribute(value: Any, name: str) -> Any:
    if issubclass(type(value), types.ModuleType):
        return vars(value).get(name, OPAQUE)
    if issubclass(type(value), type):
        return _in_class(value, name)
    of_class = _in_class(type(value), name)
    if isinstance(of_class, types.MemberDescriptorType):
        try:
            return of_class.__get__(value)
        except AttributeError:
            return GONE
    if of_class is not OPAQUE and hasattr(type(of_class), "__set__"):
        return OPAQUE
    own = contents.own_dictionary(value)
    if own is not None and name in own:
        return own[name]
    return of_class if is_code(of_class) or not hasattr(type(of_class), "__get__") else OPAQUE


def _in_class(cls: type, name: str) -> Any:
    for base in cls.__mro__:
        if name in vars(base):
            return vars(base)[name]
    return OPAQUE


def is_code(value: Any) -> bool:
    """Whether a value is a function in the form that a class stores."""
    return issubclass(type(value), (types.FunctionType, staticmethod, classmethod)) or contents.is_graph_function(value)
