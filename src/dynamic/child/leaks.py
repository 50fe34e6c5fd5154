"""Inside the child: tensors of a graph that were left where eager code can find them.

A traced call that keeps a tensor (on ``self``, in a list, in a cache) keeps a symbolic one: nothing fails until
someone reads it, which may be long after the run that is looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from .effects import Project, Snapshot


class _Search(Snapshot):
    """A walk over what Python code can reach, for tensors of graphs."""

    def __init__(self, roots: dict[str, Any], functions: Iterable[Any], project: Project) -> None:
        self.found: set[str] = set()
        super().__init__(roots, None, project)
        for function in functions:
            self._reach(function)
        self._walk()

    def _visit(self, label: str, value: Any) -> None:
        if isinstance(value, tf.Tensor):
            if _is_left_over(value):
                self.found.add(label)
            return
        super()._visit(label, value)


def find(functions: Iterable[Any], instances: Iterable[Any], project: Project) -> set[str]:
    """Names of the places that hold a tensor of a finished graph.

    Searched is what the project's modules, the given functions and the objects that they are methods of can reach.
    """
    roots = {
        name: {key: value for key, value in vars(module).items() if not key.startswith("__")}
        for name, module in list(sys.modules.items())
        if name == "__main__" or project.owns_module(module)
    }
    roots.update({type(instance).__name__: instance for instance in instances})
    return {_plain(label, roots) for label in _Search(roots, functions, project).found}


def _is_left_over(value: Any) -> bool:
    graph = getattr(value, "graph", None) if not hasattr(value, "_numpy") else None
    return bool(getattr(graph, "building_function", False))


def _plain(label: str, roots: dict[str, Any]) -> str:
    """A label as the source would say it: ``model.mask`` for ``__main__['model'].mask``."""
    for name in roots:
        if label.startswith(f"{name}['"):
            return label[len(name) + 2 :].replace("']", "", 1)
    return label
