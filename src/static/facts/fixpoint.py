"""The least solution of a system of set equations, computed on demand and cached."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Element = TypeVar("Element")

#: Returns the elements that are known so far for another key.
Ask = Callable[[Key], frozenset[Element]]


class Fixpoint(Generic[Key, Element]):
    """Solves set equations that may depend on each other in cycles.

    ``equation(key, ask)`` computes the elements of ``key`` from those of other keys. It must be monotone: larger
    sets from ``ask`` never give a smaller result. A key is cached only after everything that it depends on is solved,
    so the results do not depend on the order of the queries. The solver does not recurse, so chains may be long.
    (The local worklist solver of Fecht and Seidl, "A faster solver for general systems of equations", 1999, with the
    order of a depth-first search.)
    """

    def __init__(self, equation: Callable[[Key, Ask[Key, Element]], frozenset[Element]]) -> None:
        self._equation = equation
        self._solved: dict[Key, frozenset[Element]] = {}

    def solve(self, key: Key) -> frozenset[Element]:
        """The elements of ``key`` in the least solution."""
        solved = self._solved
        found = solved.get(key)
        if found is None:
            try:
                # Most keys depend on none, or on solved ones.
                found = solved[key] = self._equation(key, solved.__getitem__)
            except KeyError:
                found = self._settle(key)
        return found

    def _settle(self, start: Key) -> frozenset[Element]:
        solved = self._solved
        nothing: frozenset[Element] = frozenset()
        current: dict[Key, frozenset[Element]] = {start: nothing}
        readers: dict[Key, dict[Key, None]] = {start: {}}
        stack = [start]
        waiting = {start}
        reader = start
        missing: list[Key] = []

        def ask(key: Key) -> frozenset[Element]:
            known = solved.get(key)
            if known is not None:
                return known
            if key not in current:
                current[key] = nothing
                readers[key] = {}
                missing.append(key)
            readers[key][reader] = None
            return current[key]

        while stack:
            reader = stack.pop()
            if reader not in waiting:
                continue
            waiting.discard(reader)
            found = self._equation(reader, ask)
            if missing:
                # Solve its dependencies first, then evaluate it again.
                stack.append(reader)
                stack.extend(missing)
                waiting.add(reader)
                waiting.update(missing)
                missing.clear()
            if found != current[reader]:
                current[reader] = found
                for other in readers[reader]:
                    if other not in waiting:
                        waiting.add(other)
                        stack.append(other)
        solved.update(current)
        return solved[start]
