"""Finds the state that a candidate reads and that the running loop will change later (in the child process)."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import ambient, marks
from .effects import Project
from .grips import CONTAINERS, plain
from .writers import Store, stores_ahead

if TYPE_CHECKING:
    from .reads import Path

_NOWHERE = object()


def ahead(
    paths: Iterable[Path],
    stack: Sequence[tuple[types.CodeType, int]],
    ran: Iterable[types.CodeType],
    project: Project,
) -> dict[str, str]:
    """For each label, the line (file:line) of a store that the loops of ``stack`` can reach and that changes a path.

    Stores in the functions that ``ran`` in the call itself are left out: they are its side effects.
    """
    modules = {marks.file_of(m): m for m in list(sys.modules.values()) if _is_own(m, project)}
    files = {*modules, *(code.co_filename for code, _ in stack)}
    own = {(code.co_filename, code.co_firstlineno) for code in ran}
    stores = [
        store
        for store in stores_ahead(stack, sorted(files))
        if not any(path == store.path and store.scope[0] <= line <= store.scope[1] for path, line in own)
    ]
    found: dict[str, str] = {}
    for path in paths if stores else ():
        for store in stores:
            if store.kind == "local" and not _encloses(store, path.place):
                continue
            if any(_changes(store, *part, modules) for part in _parts(path)):
                found.setdefault(path.label, store.place)
                break
    return found


def _is_own(module: Any, project: Project) -> bool:
    return isinstance(module, types.ModuleType) and project.owns_module(module)


def _encloses(store: Store, place: str) -> bool:
    """Whether the storing function encloses the definition of the function at ``place``."""
    file, _, line = place.rpartition(" (")[2].rstrip(")").rpartition(":")
    return file == store.path and store.scope[1] < int(line or 0) <= store.scope[2]


def _parts(path: Path) -> Iterator[tuple[Any, tuple[str, object], Any, str]]:
    """The parts of a path that a store may change: each step, and the content of its end."""
    name, value = path.label.rpartition(": ")[2].partition(".")[0].partition("[")[0], None
    for container, step, value in path.way():
        yield container, step, value, name
        name = str(step[1])
    if path.deep:
        yield value, ("content", None), value, name


def _changes(
    store: Store, container: Any, step: tuple[str, object], value: Any, name: str, modules: dict[str, types.ModuleType]
) -> bool:
    """Whether a store may change the value of a step from ``container`` (known as ``name``)."""
    kind, key = step
    if marks.is_atom(value) and store.value == marks.text(value):
        return False
    is_ambient = ambient.is_held_by(container)
    if is_ambient or store.kind == "ambient":
        is_variable = key == "step" and value is not None and not marks.is_atom(value)  # the loop sets it again
        return is_ambient and store.kind == "ambient" and store.key == key and not is_variable
    if store.lazy and value is not None and value is not False:
        return False
    space = vars(modules[store.path]) if store.path in modules else {}
    if store.kind == "local":
        return kind == "cell" and store.key == key
    if store.kind == "global":
        return kind == "[" and container is space and store.key == key
    receiver = space.get(store.receiver, _NOWHERE) if store.plain else _NOWHERE
    if isinstance(receiver, types.ModuleType) and vars(receiver) is container:
        return store.kind == "attribute" and store.key == key
    if store.kind == "attribute" and kind == ".":
        if str(store.key).lstrip("_") != str(key).lstrip("_"):
            return False
        if receiver is not _NOWHERE:
            return receiver is container or any(receiver is base for base in _classes(container))
        if store.plain and store.receiver in ("self", "cls"):
            return any(base.__name__ == store.owner for base in _classes(container))
        return not isinstance(container, types.ModuleType)
    held = plain(container)
    if store.kind == "item" and kind == "[" and isinstance(held, dict) and store.key == key:
        return _is_receiver(store, container, receiver, name)
    if kind == "content" and store.kind in ("item", "content") and isinstance(held, (*CONTAINERS, np.ndarray)):
        # Nearly every loop appends to some list; without a key, the name must be the same.
        return _is_receiver(store, container, receiver, name, exact=True)
    return False


def _is_receiver(
    store: Store, container: Any, receiver: Any, name: str, exact: bool = False
) -> bool:
    """Whether a store changes ``container``: compares the objects if the receiver is known, else the last names.

    Unless ``exact``, an unknown bare name may stand for any object.
    """
    if receiver is not _NOWHERE:
        return receiver is container or plain(receiver) is container
    return store.receiver == name or (not exact and store.plain and store.receiver not in ("self", "cls"))


def _classes(value: Any) -> Iterator[type]:
    yield from value.__mro__ if isinstance(value, type) else type(value).__mro__
