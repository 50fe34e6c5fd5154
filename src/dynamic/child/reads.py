"""The Python state that a call reads, and whether it has changed (in the child process).

A graph keeps the values that its trace read. So the values of the state that the executed functions (`calls`) name
(`chains`) are remembered, and compared between the calls of the script. No property or method of the user is called for
this. Their code runs in the call itself, and its own names are watched.
"""

from __future__ import annotations

import ast
import collections
import time
import types
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from ... import tensorflow_internals
from ...sandbox.child.clock import perf_counter
from . import ambient, contents
from .ahead import ahead
from .calls import Calls, Ran
from .chains import Chain, Read, Step, reads_of
from .effects import Project
from .grips import CONTAINERS, Grip, plain, reference_to
from .marks import ATOMS
from .steps import GONE, OPAQUE, follow, is_code, store

#: The share of an observing run's time for inspections between sampled calls; a check times nothing and may use more.
LOOK_SHARE, CHECK_LOOK_SHARE = 0.02, 0.2
_LONGEST_PAUSE = 0.2
# After a longer inspection the pause may be longer too.
_PAUSE_SHARE = 0.1
#: At most this many places are watched, and chains are followed through at most this many items of a container.
#: `Reading.unwatched` names the first one beyond the limits.
MOST_PATHS, MOST_ITEMS = 20_000, 5000
#: At most this many distinct states are kept.
STATES = 64

class Path:
    """One watched place: an object or namespace, and the steps from it to a value."""

    def __init__(self, root: Any, steps: tuple[Step, ...], deep: bool, label: str, place: str, loose: bool) -> None:
        self._root: Callable[[], Any] = reference_to(root)
        self.steps = steps
        self.deep = deep
        self.label = label
        self.place = place
        self.loose = loose
        self._grip = Grip(self.value(), deep)
        self._objects = [self._grip]
        self._number = 0

    @property
    def dead(self) -> bool:
        """Whether the object at its start is gone."""
        return self._root() is None

    def way(self) -> Iterator[tuple[Any, Step, Any]]:
        """The steps to the value, each as (object before, step, object after)."""
        before = self._root()
        for step in self.steps:
            value = follow(before, step)
            yield before, step, value
            before = value

    @property
    def cut(self) -> bool:
        """Whether the value is too large to detect all its changes."""
        return self._grip.cut

    def value(self) -> Any:
        """The current value."""
        value = self._root()
        for step in self.steps:
            value = follow(value, step)
            if value is OPAQUE or value is GONE:
                break
        return value

    def look(self) -> bool:
        """Whether the value has changed since the last inspection. The current value becomes the reference."""
        if self.dead:
            return False
        value = self.value()
        if self._grip.holds(value):
            return False
        self._grip = Grip(value, self.deep)
        if self._grip.text() is None:
            known = next((n for n, old in enumerate(self._objects) if old.holds(value)), len(self._objects))
            if known == len(self._objects) < STATES:
                self._objects.append(self._grip)
            self._number = known
        return True

    def put(self, text: str) -> Callable[[], bool] | None:
        """Set the plain value that ``text`` stands for. Returns a function that restores the old value, or None if it
        can't be set."""
        way = list(self.way())
        if self.loose or not way:
            return None
        holder, step, now = way[-1]
        value = _read(text, now)
        if value is GONE or not store(holder, step, value):
            return None
        return lambda: store(holder, step, now)

    def text(self) -> str:
        """The value at the last inspection as a text; an object is numbered among those seen at this place."""
        return self._grip.text() or f"object {self._number + 1}"


class Reading:
    """The state that the calls of one candidate read, and its changes so far. Inspections take ``share`` of the time.
    """

    def __init__(self, project: Project, share: float = CHECK_LOOK_SHARE) -> None:
        self._project = project
        self._paths: dict[Any, Path] = {}
        self._ambient: set[Any] = set()
        self._names: list[dict[str, str]] = []
        self._due = 0.0
        self._share = share
        self.changes: Counter[str] = Counter()
        #: The distinct states, oldest first; ``overflowed`` if there were more.
        self.states: list[dict[str, str]] = []
        self.overflowed = False
        self._ran: set[types.CodeType] = set()
        self._stack: list[tuple[types.CodeType, int]] = []
        # Kept apart from the paths, because the objects are gone at the end of a script.
        self._places: dict[str, str] = {}
        self._ahead: dict[str, str] = {}
        #: Counts the inspections that found a change.
        self.clock = 0
        #: The first value that can't be watched, with the function and line that read it; empty if there is none.
        self.unwatched = ""

    def learn(self, calls: Calls, objects: Iterable[Any], seeded: bool = False) -> None:
        """Watch the state that the executed functions read. ``objects`` may be the owners of loose attributes;
        ``seeded``: they may draw numbers that depend on the seed of the process."""
        loose: dict[str, str] = {}
        before = len(self._paths)
        self._stack = calls.stack or self._stack
        every = calls.ran()
        if calls.missed:
            self._miss("variables of the enclosing function", calls.missed, "")
        for ran in every:
            self._ran.add(ran.code)
            reads = reads_of(ran.code)
            if reads.cut:
                self._miss("more than can be tracked", f"`{ran.name}` ({ran.code.co_filename}:{reads.cut})")
            for read in reads.chains:
                self._take(ran, read)
            for name, line in reads.loose.items():
                loose.setdefault(name, f"`{ran.name}` ({ran.code.co_filename}:{line})")
        summing = next((ran for ran in every if "summary" in ran.code.co_names), None)
        reader = summing or next(iter(every), None)
        if reader is not None:
            where = f"`{reader.name}` ({reader.code.co_filename}:{reader.code.co_firstlineno})"
            for holder, attribute, label in ambient.places(seeded, summing is not None):
                steps = ((".", attribute),)
                self._add(holder, steps, False, label, where, False)
                self._ambient.add((id(holder), steps))
        for value in objects if loose else ():
            if self._project.owns_class(type(value)):
                held = contents.attributes(value) or {}
                for name in held.keys() & loose.keys():
                    self._add(value, ((".", name),), False, f"{type(value).__name__}.{name}", loose[name], True)
        for key in [key for key, path in self._paths.items() if path.dead]:
            del self._paths[key]
        if len(self._paths) != before or not self.states:
            now = self.values()
            for state in self.states:
                for label, text in now.items():
                    state.setdefault(label, text)
            self._note(now)
            exact = [path for path in self._paths.values() if not path.loose and not path.dead]
            self._places |= {path.label: path.place for path in exact}
            self._ahead |= ahead(exact, self._stack, self._ran, self._project)

    def look(self, always: bool = False) -> bool:
        """Whether the state has changed since the last inspection. Inspections take time and are rare, unless
        ``always``; but TensorFlow's own state is little, and may change for a single call (`tf.summary.record_if`)."""
        whole = always or perf_counter() >= self._due
        begun = time.thread_time()  # CPU time, so that other load on the machine does not make inspections rarer
        paths = self._paths.values() if whole else [self._paths[key] for key in self._ambient]
        changed = [path for path in paths if path.look()]
        for path in changed:
            if path.cut:
                self._miss(f"`{path.label}`", path.place)
        if changed:
            self.clock += 1
            self.changes.update({path.label for path in changed if not path.loose})
            self._note(self.values())
        if not whole:
            return bool(changed)
        spent = time.thread_time() - begun
        self._due = perf_counter() + min(max(_LONGEST_PAUSE, spent / _PAUSE_SHARE), spent / self._share)
        return bool(changed)

    def values(self) -> dict[str, str]:
        """The values at the last inspection, by label."""
        found: dict[str, str] = {}
        for path in self._paths.values():
            if path.dead:
                continue
            text = path.text()
            found[path.label] = f"{found[path.label]}, {text}" if path.label in found else text
        return found

    def put(self, state: Mapping[str, str]) -> Callable[[], None] | None:
        """Set the state to another observed one. Returns a function that restores it, or None if it can't be set.

        Only plain values (numbers, strings) can be set, and only if a label stands for one place.
        """
        undo: list[Callable[[], bool]] = []
        back = partial(_take_back, undo)
        now = self.values()
        for label, text in state.items():
            if now.get(label, text) == text:
                continue
            paths = [path for path in self._paths.values() if path.label == label and not path.dead]
            taken = paths[0].put(text) if len(paths) == 1 else None
            if taken is None:
                back()
                return None
            undo.append(taken)
        return back

    def places(self) -> dict[str, str]:
        """The function and line that reads each label."""
        return dict(self._places)

    @property
    def ahead(self) -> dict[str, str]:
        """The labels that have not changed so far but that a store in the running loops would change, with its line."""
        return {label: store for label, store in self._ahead.items() if label not in self.changes}

    def as_dict(self) -> dict[str, Any]:
        """The changes in the form that is sent to the parent."""
        later = self.ahead
        changed = {*self.changes, *later}
        return {
            "changes": dict(self.changes),
            "places": {label: place for label, place in self.places().items() if label in changed},
            "labels": sorted(self.places()),
            "states": [{label: text for label, text in state.items() if label in changed} for state in self.states],
            "overflowed": self.overflowed,
            "unwatched": self.unwatched,
            "ahead": later,
        }

    def _miss(self, what: str, place: str, between: str = " in") -> None:
        """Record the first value that can't be watched."""
        self.unwatched = self.unwatched or f"{what}{between} {place}"

    def _note(self, state: dict[str, str]) -> None:
        if state in self.states:
            return
        if len(self.states) >= STATES:
            self.overflowed = True
            return
        self.states.append(state)

    def _take(self, ran: Ran, read: Read) -> None:
        """Find the places of a read, and watch them."""
        found = _root(ran, read.chain.name)
        if found is None:
            return
        root, steps = found
        where = f"`{ran.name}` ({ran.code.co_filename}:{read.line})"
        deep = read.use in ("used", "attributes")
        if read.use == "passed":
            deep = read.receiver is None or not self._is_own(ran, read.receiver)
        owner = _owner(ran, read.chain)
        for path, ending in self._walk(root, steps, read.chain.steps, deep, (read.chain.name, where)):
            label = f"{owner}{_text(read.chain.name, path[len(steps) :])}"
            if read.use == "attributes":
                value = root
                for step in path:
                    value = follow(value, step)
                for name in contents.attributes(value) or {}:
                    self._add(root, (*path, (".", name)), True, f"{label}.{name}", where, False)
            self._add(root, path, ending, label, where, False)

    def _walk(
        self, root: Any, done: tuple[Step, ...], steps: tuple[Step, ...], deep: bool, where: tuple[str, str]
    ) -> Iterator[tuple[tuple[Step, ...], bool]]:
        """The paths that a chain leads to, each with whether the content of the value counts.

        ``where`` are the chain's name and the place in the source.
        """
        value, begun = root, len(done)
        for step in done:
            value = follow(value, step)
        for number, (kind, key) in enumerate(steps):
            if value is OPAQUE or value is GONE or isinstance(value, ATOMS):
                return
            if isinstance(value, types.ModuleType) and not self._is_watched(value, str(key)):
                return
            held = plain(value)
            if kind == "*":
                yield done, True
                keys = _keys(held) if len(steps) > number + 1 else []  # the container's content covers the items
                if len(keys) > MOST_ITEMS:
                    self._miss(f"the items of `{_text(where[0], done[begun:])}`", where[1])
                for item in keys[:MOST_ITEMS]:
                    yield from self._walk(root, (*done, ("[", item)), steps[number + 1 :], deep, where)
                return
            if kind == "." and isinstance(held, dict) and not hasattr(dict, str(key)) and key in held:
                kind = "["
            elif kind == "." and isinstance(held, CONTAINERS) and follow(value, (kind, key)) is OPAQUE:
                yield done, True
                return
            after = follow(value, (kind, key))
            if after is OPAQUE:
                yield done, False
                yield from ((path, True) for path in self._behind(value, done, str(key)))
                return
            if kind == "." and is_code(after) and not isinstance(value, (types.ModuleType, type)):
                yield done, False  # a method of the value is called
            done = (*done, (kind, key))
            value = after
        if value is not GONE and not isinstance(value, types.ModuleType):
            yield done, deep

    def _is_watched(self, module: types.ModuleType, name: str) -> bool:
        """Whether a module's attribute is watched; a library's only if the project sets it or it is plain data."""
        if self._project.owns_module(module) or name in self._project.assigned_attributes:
            return True
        return isinstance(vars(module).get(name), (*ATOMS, *CONTAINERS, types.ModuleType, type))

    def _behind(self, value: Any, done: tuple[Step, ...], name: str) -> Iterator[tuple[Step, ...]]:
        """The attributes that a library's property or ``__getattr__`` most likely reads."""
        if self._project.owns_class(type(value)) or isinstance(value, (types.ModuleType, type)):
            return
        held = contents.attributes(value) or {}
        for layer in tensorflow_internals.layers_in(value) if name.startswith("trainable") else ():
            steps = ((".", tensorflow_internals.trainable_name(layer)),)
            self._add(layer, steps, False, f"{layer.name}.trainable", "its model's weights", False)
        if f"_{name}" in held:
            yield (*done, (".", f"_{name}"))
        elif type(value).__module__.partition(".")[0] not in contents.LIBRARIES and hasattr(type(value), "__getattr__"):
            yield from ((*done, (".", each)) for each in held)

    def _is_own(self, ran: Ran, function: Chain) -> bool:
        """Whether a chain leads to a function, method or class of the project."""
        found = _root(ran, function.name)
        if found is None:
            return False
        value, steps = found
        for step in (*steps, *function.steps):
            value = follow(value, step)
        if isinstance(value, type):
            return self._project.owns_class(value)
        value = getattr(value, "python_function", value) if contents.is_graph_function(value) else value
        value = getattr(value, "__wrapped__", value) if isinstance(value, types.FunctionType) else value
        value = value.__func__ if isinstance(value, (types.MethodType, staticmethod, classmethod)) else value
        if isinstance(value, types.FunctionType):
            return self._project.owns(value.__code__)
        return value is not OPAQUE and value is not GONE and self._project.owns_class(type(value))

    def _add(self, root: Any, steps: tuple[Step, ...], deep: bool, label: str, where: str, loose: bool) -> None:
        # A place that is read exactly is not also watched loosely.
        key = id(root), steps
        known = self._paths.get(key)
        if known is not None and not known.dead and (loose or (not known.loose and (known.deep or not deep))):
            return
        if loose and len(self._paths) >= MOST_PATHS // 2:
            return
        if known is None and len(self._paths) >= MOST_PATHS:
            self._miss(f"`{label}` and {MOST_PATHS:,} other places", where)
            return
        if not steps and (not deep or not isinstance(plain(root), (*CONTAINERS, np.ndarray))):
            return
        path = self._paths[key] = Path(root, steps, deep, label, where, loose)
        if path.cut:
            self._miss(f"`{label.rpartition(': ')[2]}`", where)


def _take_back(undo: list[Callable[[], bool]]) -> None:
    while undo:
        undo.pop()()


def _read(text: str, like: Any) -> Any:
    """The plain value that a text stands for, of the type of ``like``; GONE if it does not stand for one."""
    if isinstance(like, np.generic):
        value = _read(text, like.item())
        return value if value is GONE else type(like)(value)
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return GONE
    return value if type(value) is type(like) and isinstance(value, ATOMS) and repr(value) == text else GONE


def _keys(value: Any) -> list[Any]:
    """The keys of a container's items; none if all items are plain values."""
    if isinstance(value, dict):
        return [] if all(isinstance(item, ATOMS) for item in dict.values(value)) else list(dict.keys(value))
    if isinstance(value, (list, tuple, collections.deque)):
        items = list(tuple.__iter__(value)) if isinstance(value, tuple) else contents.items(value)
        return [] if all(isinstance(item, ATOMS) for item in items) else list(range(len(items)))
    return []


def _root(ran: Ran, name: str) -> tuple[Any, tuple[Step, ...]] | None:
    """The start of a name's path: an object or a namespace, and the first step."""
    if name in ran.parameters:
        value = ran.parameters[name]
        return None if isinstance(value, ATOMS) or type(value).__name__ == "EagerTensor" else (value, ())
    if name in ran.cells:
        return ran.cells[name], (("cell", name),)
    if name in ran.space and name not in ran.code.co_freevars:
        return ran.space, (("[", name),)
    return None


def _owner(ran: Ran, chain: Chain) -> str:
    """The prefix of a label: for a method's parameter, the class that contains the reading method."""
    return f"{ran.name.rpartition('.')[0]}: " if chain.name in ran.parameters and "." in ran.name else ""


def _text(name: str, steps: tuple[Step, ...]) -> str:
    return str(Chain(name, tuple(step for step in steps if step[0] != "cell")))
