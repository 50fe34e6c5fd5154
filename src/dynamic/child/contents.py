"""Reads and restores the content of Python objects without calling the user's methods (in the child process)."""

from __future__ import annotations

import array
import collections
import enum
import functools
import gc
import threading
import types
from collections.abc import Callable, Iterable
from typing import Any

from . import hidden, marks
from .marks import MISSING

LIBRARIES = ("tensorflow", "keras", "tf_keras", "numpy", "tensorflow_probability")
#: AutoGraph writes converted code to a temporary file with this name and a number.
AUTOGRAPH_FILE = "__autograph_generated_file"
#: Attributes that our hooks and AutoGraph set on functions.
FUNCTION_ATTRIBUTES = frozenset({"__wrapped__", "__signature__", "autograph_info__"})


def is_graph_function(value: Any) -> bool:
    """Whether this is a result of ``tf.function``; reads no attribute of a user's object."""
    kind = type(value)
    return marks.module_of(kind).partition(".")[0] == "tensorflow" and hasattr(kind, "python_function")


def items(value: Any) -> list[Any]:
    """The items of a list or deque, without calling a method of a project's subclass."""
    if issubclass(type(value), collections.deque):
        return list(collections.deque.__iter__(value))
    if marks.module_of(type(value)).partition(".")[0] in LIBRARIES:
        return list(value)  # TensorFlow's wrapper keeps the items elsewhere
    return list.copy(value)


def entries(value: Any) -> list[tuple[Any, Any]]:
    """The keys and values of a dictionary in their order, without calling a method of a project's subclass."""
    if issubclass(type(value), collections.OrderedDict):  # it keeps its own order
        return [(key, dict.__getitem__(value, key)) for key in collections.OrderedDict.__iter__(value)]
    return list(dict.items(value))


def cached(wrapper: Any) -> list[Any]:
    """The objects in a ``functools.lru_cache``, which only the garbage collector's references show."""
    inside = [item for item in gc.get_referents(wrapper) if item is not wrapper.__dict__ and item is not type(wrapper)]
    tables = [item for item in inside if type(item) is dict]
    # A cached result may be a dictionary too. The cache's own dictionary leads to links, or else is the only one.
    own = next((table for table in tables if any(map(_is_link, dict.values(table)))), None)
    own = tables[0] if own is None and len(tables) == 1 else own
    held = [item for item in inside if item is not own] + list((own or {}).values())
    return [item for item in held if not _is_link(item)]


def _is_link(item: Any) -> bool:
    return type(item).__name__ == "_lru_list_elem"


def accessors(item: Any) -> list[Any]:
    """The functions of a property or of a cached property; empty for other objects."""
    if isinstance(item, property):
        return [item.fget, item.fset, item.fdel]
    return [item.func] if isinstance(item, functools.cached_property) else []


def overrides(cls: type, name: str, owns: Callable[[type], bool]) -> bool:
    """Whether a base class outside the project has an attribute of this name too, so that its code may use it."""
    return any(base is not object and name in vars(base) and not owns(base) for base in cls.__mro__)


def attributes(value: Any) -> dict[str, Any] | None:
    """The attributes in an object's dictionary and slots; None if it can have none."""
    own = own_dictionary(value)
    found = dict(own) if own is not None else {}
    slots = _slots(type(value))
    for name, slot in slots:
        try:
            found[name] = slot.__get__(value)
        except AttributeError:
            continue
    return found if own is not None or slots else None


def own_dictionary(value: Any) -> dict[str, Any] | None:
    """The dictionary of an object's attributes, read without calling a method of the user."""
    # A `threading.local` has one for each thread; this reads the current thread's.
    base = threading.local if issubclass(type(value), threading.local) else object
    try:
        own = base.__getattribute__(value, "__dict__")
    except AttributeError:
        return None
    return own if issubclass(type(own), dict) else None


def _slots(cls: type) -> list[tuple[str, Any]]:
    return [
        (name, item)
        for base in cls.__mro__
        if "__slots__" in vars(base)
        for name, item in vars(base).items()
        if issubclass(type(item), types.MemberDescriptorType)
    ]


def class_attributes(cls: type) -> dict[str, Any]:
    """The attributes of a class from its body or later assignments, functions included, slots excluded."""
    found = {}
    is_enum = issubclass(type(cls), enum.EnumMeta)  # it keeps its own tables
    for name, item in vars(cls).items():
        if issubclass(type(item), (types.MemberDescriptorType, types.GetSetDescriptorType)):
            continue
        # Python and `abc` keep their own data on a class under such names.
        internal = name.startswith(("__", "_abc_")) or (is_enum and name.startswith("_") and name.endswith("_"))
        if not internal or is_function(item):
            found[name] = item
    return found


def is_function(item: Any) -> bool:
    """Whether this is a function in the form that a class stores: a method, a property, a graph function."""
    return issubclass(type(item), _FUNCTIONS) or is_graph_function(item)


_FUNCTIONS = (types.FunctionType, staticmethod, classmethod, property)


def function_parts(function: types.FunctionType) -> tuple[Any, ...]:
    """The parts of a function that code may set: its code, and its default values."""
    keywords = function.__kwdefaults__
    return function.__code__, function.__defaults__, keywords, tuple((keywords or {}).items())


def restore(kind: str, container: Any, copy: Any, now: Callable[[str, Any], dict[str, Any]]) -> None:
    """Restore one container from its copy. ``now(kind, container)`` returns a container's current attributes."""
    if kind == "attribute":
        held, slots = own_dictionary(container) or {}, dict(_slots(type(container)))
        for name in now(kind, container).keys() - copy.keys():
            held.pop(name, None)
        for name, value in copy.items():
            if name in slots:
                slots[name].__set__(container, value)
            elif held.get(name, MISSING) is not value:
                held[name] = value
    elif kind == "function":
        container.__code__, container.__defaults__, keywords, keyword_items = copy
        container.__kwdefaults__ = keywords
        if keywords is not None:
            keywords.clear()
            keywords.update(keyword_items)
    elif kind in ("class attribute", "library class"):
        for name in now(kind, container).keys() - copy.keys():
            type.__delattr__(container, name)
        for name, value in copy.items():
            if vars(container).get(name, MISSING) is not value:
                type.__setattr__(container, name, value)
    elif kind in ("function attribute", "module", "library module"):
        for name in now(kind, container).keys() - copy.keys():
            del container[name]
        container.update(copy)
    elif kind == "random":
        marks.restore_random(container, copy)
    elif kind == "array":
        marks.restore_array(container, copy)
    elif kind == "state":
        hidden.restore(container, copy)
    elif kind == "item":
        _restore_items(container, copy)


def _hash_all(keys: Iterable[Any]) -> None:
    """Hash each key, so that a hash that raises does so before the container is emptied."""
    for key in keys:
        hash(key)


def _restore_items(container: Any, copy: Any) -> None:
    if isinstance(container, dict):
        base = collections.OrderedDict if isinstance(container, collections.OrderedDict) else dict
        _hash_all(key for key, _ in copy)
        base.clear(container)
        for key, value in copy:
            base.__setitem__(container, key, value)
    elif isinstance(container, list):
        if marks.module_of(type(container)).partition(".")[0] in LIBRARIES:
            container[:] = copy
        else:
            list.__setitem__(container, slice(None), copy)
    elif isinstance(container, collections.deque):
        collections.deque.clear(container)
        collections.deque.extend(container, copy)
    elif isinstance(container, set):
        _hash_all(copy)
        set.clear(container)
        set.update(container, copy)
    elif isinstance(container, bytearray):
        container[:] = copy
    elif isinstance(container, array.array):
        del container[:]
        container.frombytes(copy)
