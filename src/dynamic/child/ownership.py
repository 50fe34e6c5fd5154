"""Inside the child: what on an object is the project's state, and what a library keeps there for itself.

A logger fills a cache of levels, a table of a library's the index that it is first asked for: nothing that a script
computes hangs on when they do. What the project's own code sets is the project's, on whose object ever.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .contents import LIBRARIES
from .marks import module_of

if TYPE_CHECKING:
    from .effects import Project

# TensorFlow's own objects: what changes in them are variables.
_LEFT_OUT = frozenset(LIBRARIES) - {"numpy"}
# What these keep is their own bookkeeping: a message that comes out of it is noted where it comes out.
_BOOKKEEPERS = ("logging", "absl.logging", "warnings")
# Classes that exist to hold what others put in: it belongs to whoever holds them.
_HOLDERS = ("collections", "argparse", "types")
_FILLED_ON_DEMAND = re.compile("cache|memo(?!r)|lazy|registry", re.IGNORECASE)  # a memory is something else
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


def is_left_out(kind: type) -> bool:
    """Whether objects of a class are TensorFlow's own."""
    return module_of(kind).partition(".")[0] in _LEFT_OUT


def is_tensor(kind: type) -> bool:
    """Whether objects of a class are tensors, which hold no state."""
    return module_of(kind).partition(".")[0] == "tensorflow" and kind.__name__.endswith("Tensor")


def is_holder(kind: type) -> bool:
    """Whether an object of a library's class is as much the project's as what holds it."""
    return module_of(kind) in _HOLDERS


def is_set_by_the_project(kind: type, name: str, project: Project) -> bool:
    """Whether an attribute of a project's object is one that only the project's code knows by name."""
    return name in project.assigned_attributes or not _has_library_base(kind, project)


def watched(value: Any, attributes: Mapping[str, Any], project: Project) -> dict[str, Any]:
    """Of an object's attributes, those whose change is a change of the script's state."""
    kind = type(value)
    assigned = project.assigned_attributes
    if is_left_out(kind):  # all but what the project hangs on it is the library's
        return {
            name: item
            for name, item in attributes.items()
            if name in assigned and not name.startswith("_") and name not in _KERAS_PUBLIC
        }
    if any(is_left_out(base) for base in kind.__mro__):
        return {
            name: item
            for name, item in attributes.items()
            if name in assigned or (not name.startswith("_") and name not in _KERAS_PUBLIC)
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


def _has_library_base(kind: type, project: Project) -> bool:
    return any(
        module_of(base) not in ("builtins", "abc", "typing", "enum") and not project.owns_class(base)
        for base in kind.__mro__
    )


def _is_lazy(kind: type, name: str) -> bool:
    """Whether a class computes an attribute when it is first asked for, and keeps it under its own name."""
    found = next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)
    return isinstance(found, functools.cached_property) or "cache" in type(found).__name__.lower()
