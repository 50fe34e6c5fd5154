"""Distinguishes the project's state on an object from a library's own bookkeeping (in the child process).

A logger fills a cache of levels, a library's table builds an index at its first use: no result of a script depends on
when they do. An attribute that the project's code sets belongs to the project, on any object.
"""

from __future__ import annotations

import functools
import re
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .contents import LIBRARIES
from .marks import module_of

if TYPE_CHECKING:
    from .effects import Project

# The libraries whose objects are TensorFlow's own: only the variables in them change.
_LEFT_OUT = frozenset(LIBRARIES) - {"numpy"}
# The state of these modules' objects is bookkeeping; their messages are recorded when they are written.
_BOOKKEEPERS = ("logging", "absl.logging", "warnings")
# Modules of classes that only hold other code's objects: the content belongs to the owner of the holder.
_HOLDERS = ("collections", "argparse", "types")
_FILLED_ON_DEMAND = re.compile("cache|memo(?!r)|lazy|registry", re.IGNORECASE)  # but not "memory"
# Public attributes that Keras itself sets on layers and models during their use.
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


#: The answers of `_behind_properties`.
_behind: weakref.WeakKeyDictionary[type, Mapping[str, str]] = weakref.WeakKeyDictionary()


def is_left_out(kind: type) -> bool:
    """Whether objects of a class are TensorFlow's own."""
    return module_of(kind).partition(".")[0] in _LEFT_OUT


def is_tensor(kind: type) -> bool:
    """Whether objects of a class are tensors, which hold no state."""
    return module_of(kind).partition(".")[0] == "tensorflow" and kind.__name__.endswith("Tensor")


def is_holder(kind: type) -> bool:
    """Whether an object of a library's class belongs to the project if its holder does."""
    return module_of(kind) in _HOLDERS


def is_set_by_the_project(kind: type, name: str, project: Project) -> bool:
    """Whether only the project's code uses this attribute of a project's object by name."""
    return name in project.assigned_attributes or not _has_library_base(kind, project)


def watched(value: Any, attributes: Mapping[str, Any], project: Project) -> dict[str, Any]:
    """The attributes of an object whose change is a change of the script's state."""
    kind = type(value)
    assigned = project.assigned_attributes
    if is_left_out(kind):  # all attributes are the library's, except those that the project sets
        behind = _behind_properties(kind)
        return {
            name: item
            for name, item in attributes.items()
            if behind.get(name) in assigned
            or (name in assigned and not name.startswith("_") and name not in _KERAS_PUBLIC)
        }
    if any(is_left_out(base) for base in kind.__mro__):
        behind = _behind_properties(kind)
        return {
            name: item
            for name, item in attributes.items()
            if name in assigned
            or behind.get(name) in assigned
            or (not name.startswith("_") and name not in _KERAS_PUBLIC)
        }
    if any(module_of(base) in _BOOKKEEPERS for base in kind.__mro__):
        return {name: item for name, item in attributes.items() if name in assigned}
    if project.owns_class(kind) and not _has_library_base(kind, project):
        return dict(attributes)
    return {
        name: item
        for name, item in attributes.items()
        if name in assigned or not (_FILLED_ON_DEMAND.search(name) or _is_lazy(kind, name))
    }


def _behind_properties(kind: type) -> Mapping[str, str]:
    """The attributes in which a class keeps what is assigned to its properties: ``_trainable`` for ``trainable``."""
    found = _behind.get(kind)
    if found is None:
        found = _behind[kind] = {
            f"_{name}": name
            for base in kind.__mro__
            for name, item in vars(base).items()
            if isinstance(item, property) and item.fset is not None and name not in _KERAS_PUBLIC
        }
    return found


def _has_library_base(kind: type, project: Project) -> bool:
    return any(
        module_of(base) not in ("builtins", "abc", "typing", "enum") and not project.owns_class(base)
        for base in kind.__mro__
    )


def _is_lazy(kind: type, name: str) -> bool:
    """Whether a class computes an attribute at its first use and stores it under the same name."""
    found = next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)
    return isinstance(found, functools.cached_property) or "cache" in type(found).__name__.lower()
