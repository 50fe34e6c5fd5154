"""The least solution of a system of set equations, computed for what is asked and kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Element = TypeVar("Element")

#: Gives the elements that another key is known to have so far.
Ask = Callable[[Key], frozenset[Element]]


class Fixpoint(Generic[Key, Element]):
    """Answers questions whose answers depend on each other, in circles too.

    ``equation(key, ask)`` gives the elements of ``key`` from those of other keys. It must be monotone: larger
    sets from ``ask`` never give a smaller one. Each question is solved with everything that it depends on before
    an answer is kept, so the answers do not depend on the order of the questions; and without recursion, so a long
    chain is no limit. (The local worklist solver of Fecht and Seidl, "A faster solver for general systems of
    equations", 1999, with the order of a depth-first search.)
    """

    def __init__(self, equation: Callable[[Key, Ask[Key, Element]], frozenset[Element]]) -> None:
        self._equation = equation
        self._solved: dict[Key, frozenset[Element]] = {}

    def solve(self, key: Key) -> frozenset[Element]:
        """The elements of ``key`` in the least solution."""
        found = self._solved.get(key)
        if found is None:
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
                # What it depends on comes first; then it is asked again.
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
