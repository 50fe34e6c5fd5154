"""Finds the script's state in the modules and classes of libraries (in the child process).

Most state of a library there is its own bookkeeping. To the script belong the attributes that the project's source
sets, on any module or class; the containers that near code names (`sys.path`); and the plain public values of an
installed package, which the project can see.
"""

from __future__ import annotations

import array
import collections
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

from . import contents
from .contents import LIBRARIES
from .marks import ATOMS, brief

_PLAIN = frozenset(ATOMS)
_OF_NUMBERS = (bytearray, array.array)
_CONTAINERS = (
    *(list, dict, set, collections.deque, *_OF_NUMBERS),
    *(collections.OrderedDict, collections.defaultdict, collections.Counter),
)
# The depth, and the number of items of a container, to which containers are inspected.
_DEEPEST, _MOST_ITEMS = 3, 1000
_OWN_BOOKKEEPING = frozenset({*LIBRARIES, *sys.stdlib_module_names, "absl"})
_HEAP_TYPE = 1 << 9  # CPython's flag of classes that can be changed


def is_package(name: str) -> bool:
    """Whether a module belongs to a package other than Python's library and TensorFlow's libraries."""
    return name.partition(".")[0] not in _OWN_BOOKKEEPING


def public(space: Mapping[str, Any]) -> frozenset[str]:
    """The names of the plain public values in a module's namespace; None is left out, since libraries fill it later."""
    return frozenset(
        name
        for name, item in list(space.items())
        if not name.startswith("_") and item is not None and (type(item) in _PLAIN or type(item) in _CONTAINERS)
    )


def containers(space: Mapping[str, Any], names: frozenset[str]) -> Iterator[tuple[str, Any, Any]]:
    """The containers under these names of a namespace, each as (label, container, copy of its content)."""
    for name in names:
        yield from _containers(name, space.get(name), _DEEPEST)


def _containers(label: str, item: Any, depth: int) -> Iterator[tuple[str, Any, Any]]:
    """A container, and the containers in it."""
    if type(item) not in _CONTAINERS or item is sys.modules:
        return
    if type(item) in _OF_NUMBERS:
        yield label, item, bytes(item)
        return
    entries = contents.entries(item) if isinstance(item, dict) else list(enumerate(item))
    yield label, item, entries if isinstance(item, dict) else [part for _, part in entries]
    for key, part in entries[:_MOST_ITEMS] if depth else ():
        yield from _containers(f"{label}[{brief(key)}]", part, depth - 1)


def of_space(space: Mapping[str, Any], assigned: frozenset[str], names: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The entries of a module's namespace that the project sets, and those with ``names``."""
    return {name: space[name] for name in (assigned | names) & space.keys()}


def of_class(cls: type, assigned: frozenset[str]) -> dict[str, Any]:
    """The attributes of a library's class whose names the project's source sets on some object."""
    held = vars(cls)
    found = {name: held[name] for name in assigned & held.keys() if not name.startswith("__")}
    return {name: item for name, item in found.items() if not isinstance(item, _OF_CLASSES)}


_OF_CLASSES = (
    *(types.MemberDescriptorType, types.GetSetDescriptorType, types.BuiltinFunctionType),
    *(types.MethodDescriptorType, types.WrapperDescriptorType),
)


def may_change(cls: type) -> bool:
    """Whether attributes of a class can be set."""
    return bool(cls.__flags__ & _HEAP_TYPE)
