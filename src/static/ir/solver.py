"""The value graph and its solver: values flow along edges to the least fixed point."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from .values import UNKNOWN, Atom, Value

#: Widening: a node with this many values gets UNKNOWN instead of further ones that are not atoms.
WIDTH = 8

#: Lines per module in a packed place (module index and line in one integer).
LINES = 1 << 24


class Node:
    """A node of the value graph: a definition of a name, a parameter, an attribute, a result.

    ``causes[i]`` is the node from which ``values[i]`` first came (None if it started here).
    ``origin`` is what created the node: an event, a cell, a parameter, a function, a container, the list of the nodes
    that it joins, or None.
    ``place`` packs the module's index and the line.
    """

    __slots__ = ("causes", "label", "origin", "place", "successors", "values", "watchers")

    def __init__(self, place: int, origin: object = None, label: str | None = None) -> None:
        self.values: tuple[Value, ...] = ()
        self.causes: tuple[Node | None, ...] = ()
        self.successors: list[Node] | None = None
        self.watchers: list[object] | None = None
        self.origin = origin
        self.place = place
        self.label = label

    @property
    def line(self) -> int:
        """The line in its file."""
        return self.place % LINES


class Graph:
    """The worklist over nodes.

    ``handlers`` maps each type of watcher to the function that handles a new value in a watched node.
    """

    def __init__(self) -> None:
        self.handlers: dict[type, Callable[..., None]] = {}
        self._queue: deque[tuple[Node, Value]] = deque()
        self._waiting: list[tuple[Node, object]] = []
        self._running = False
        self._begun = False
        #: Failures of handlers: the watcher, the node, and the exception.
        self.failed: list[tuple[object, Node, Exception]] = []

    def add(self, node: Node, value: Value, cause: Node | None = None) -> None:
        """Add ``value`` to ``node``, and to everything that it flows to."""
        values = node.values
        if value in values:
            return
        if len(values) >= WIDTH and not isinstance(value, Atom):
            value = UNKNOWN
            if value in values:
                return
        node.values = (*values, value)
        node.causes = (*node.causes, cause)
        if node.successors is not None or node.watchers is not None:
            self._queue.append((node, value))

    def connect(self, source: Node, target: Node) -> None:
        """Let all values of ``source`` flow to ``target``, now and later."""
        if source is target:
            return
        successors = source.successors
        if successors is None:
            source.successors = [target]
        elif len(successors) < 64 and target in successors:
            return
        else:
            successors.append(target)
        for value in source.values:
            if value not in target.values:
                self.add(target, value, source)

    def watch(self, node: Node, watcher: object) -> None:
        """Notify ``watcher`` of each value in ``node``, during ``solve``."""
        if node.watchers is None:
            node.watchers = [watcher]
        else:
            node.watchers.append(watcher)
        if self._running:
            for value in node.values:
                self.handlers[type(watcher)](watcher, node, value)
        else:
            self._waiting.append((node, watcher))

    def settle_copies(self) -> None:
        """Propagate along edges without notifying watchers: imports and definitions reach their names."""
        queue = self._queue
        while queue:
            node, value = queue.popleft()
            for target in node.successors or ():
                self.add(target, value, node)

    def solve(self) -> None:
        """Propagate to the least fixed point, and notify the watchers. May be called again after additions."""
        if not self._begun:
            # All watchers are still waiting. They are notified below of all values that arrive here.
            self.settle_copies()
            self._begun = True
        self._running = True
        queued = set(self._queue) if self._waiting else set()
        waiting = [
            (node, watcher, tuple(value for value in node.values if (node, value) not in queued))
            for node, watcher in self._waiting
            if node.values
        ]
        self._waiting = []
        for node, watcher, values in waiting:
            for value in values:
                self._tell(watcher, node, value)
        del waiting
        queue = self._queue
        while queue:
            node, value = queue.popleft()
            successors = node.successors
            if successors is not None:
                narrow = type(value) is not Atom
                for target in successors:
                    values = target.values
                    if value in values:
                        continue
                    if narrow and len(values) >= WIDTH:
                        if UNKNOWN not in values:
                            self.add(target, UNKNOWN, node)
                        continue
                    target.values = (*values, value)
                    target.causes = (*target.causes, node)
                    if target.successors is not None or target.watchers is not None:
                        queue.append((target, value))
            watchers = node.watchers
            if watchers is not None:
                # A copy: a handler may add a watcher, and `watch` tells it of all values.
                for watcher in tuple(watchers):
                    self._tell(watcher, node, value)
        self._running = False

    def _tell(self, watcher: object, node: Node, value: Value) -> None:
        try:
            self.handlers[type(watcher)](watcher, node, value)
        except Exception as error:
            self.failed.append((watcher, node, error))


def trace_back(node: Node, value: Value) -> Iterator[Node]:
    """The nodes through which ``value`` came to ``node``, from ``node`` backwards, at most 64."""
    seen = 0
    current: Node | None = node
    while current is not None and seen < 64:
        yield current
        seen += 1
        if value not in current.values:
            return
        current = current.causes[current.values.index(value)]
