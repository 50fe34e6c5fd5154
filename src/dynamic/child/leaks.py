"""Finds symbolic tensors that a trace stored where eager code can read them (in the child process).

If a traced call stores a tensor (on ``self``, in a list, in a cache), the tensor is symbolic. Nothing fails until
eager code reads it, perhaps long after the observed part of the run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from .effects import Project, Snapshot


class _Search(Snapshot):
    """A walk over all objects that Python code can reach, which collects tensors of graphs."""

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
    """The names of the places that hold a tensor of a function's graph.

    The search covers everything that the project's modules, the functions and the instances can reach.
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
    """A label in the form of the source: ``model.mask`` for ``__main__['model'].mask``."""
    for name in roots:
        if label.startswith(f"{name}['"):
            return label[len(name) + 2 :].replace("']", "", 1)
    return label
