"""Inside the child: the state of Python that the traces of one candidate read, and which of its states were traced.

Two equal traces say little of state that was the same both times. So a signature is traced again when something that
its traces read has changed, and what was there at each trace is noted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...sandbox.child.clock import perf_counter
from ..late import State, agrees
from .calls import Calls
from .effects import Project
from .reads import Reading

#: A trace that only a change asks for is made so often in any case, and then within this share of the run's time.
FREE_TRACES, TRACE_SHARE = 6, 0.25


class Stability:
    """What the traces of a candidate read. ``expected`` is what the observing run saw change (`Reading.as_dict`);
    ``unfinished``: it did not come to the script's end, and may have missed a change.
    """

    def __init__(
        self, project: Project, expected: Mapping[str, Any] | None = None, unfinished: bool = False
    ) -> None:
        self.project = project
        self.reading = Reading(project)
        self._expected = expected or {}
        self._unfinished = unfinished
        self._traced: dict[Any, list[State]] = {}
        self._clocks: dict[Any, int] = {}
        self._asked = 0
        self._seconds = 0.0
        self._begun = perf_counter()

    def is_due(self, key: Any) -> bool:
        """Whether the signature ``key`` is to be traced again, since what it reads is in a state not traced yet."""
        if self._clocks.get(key, self.reading.clock) == self.reading.clock:
            return False
        if self._covers(key, self.reading.values()):
            self._clocks[key] = self.reading.clock
            return False
        elapsed = perf_counter() - self._begun
        return self._asked < FREE_TRACES or self._seconds < TRACE_SHARE * elapsed

    @property
    def has_news(self) -> bool:
        """Whether there is a signature that was not traced since the last change."""
        return any(clock != self.reading.clock for clock in self._clocks.values())

    def note(self, key: Any, calls: Calls, objects: Iterable[Any], seconds: float) -> None:
        """Note a trace: the functions that ran in it, the objects within their reach, and what it took."""
        self.reading.learn(calls, objects)
        if self._clocks.get(key, self.reading.clock) != self.reading.clock:
            self._asked += 1
            self._seconds += seconds
        self._clocks[key] = self.reading.clock
        state = self.reading.values()
        if not self._covers(key, state):
            self._traced.setdefault(key, []).append(state)

    def explain(self, key: Any, state: State | None = None) -> str:
        """What has changed since the first trace of a signature, as a sentence's end; empty where nothing is known.

        ``state`` is what there is now, where that is not what the last look saw.
        """
        first = next(iter(self._traced.get(key, ())), {})
        for label, now in (state or self.reading.values()).items():
            then = first.get(label, now)
            if then != now:
                place = self.reading.places().get(label)
                by = f", read by {place}" if place else ""
                return f"; `{label.rpartition(': ')[2]}` changed ({then} then {now}{by})"
        return ""

    @property
    def awaits(self) -> bool:
        """Whether a change of what is read here is still to be traced: one that the observing run saw, or one that the
        source says will come, and that it did not stay for.
        """
        if self._unfinished and self._asked == 0 and self.reading.ahead:
            return True
        known = self.reading.places()
        labels = [label for label in self._expected.get("changes", ()) if label in known]
        if not labels or not self._traced:
            return False
        if self._expected["overflowed"]:
            return self._asked == 0
        states = [{label: state[label] for label in labels if label in state} for state in self._expected["states"]]
        return not all(any(self._covers(key, state) for key in self._traced) for state in states)

    def foresee(self, key: Any) -> Iterator[State]:
        """Each state that the observing run saw what is read in, and the signature was not traced in, the latest first.

        While one is given, what is read is in it. `hold` says that the trace was the same in it.
        """
        for state in reversed(self._expected.get("states", ())):
            wanted = {label: text for label, text in state.items() if label in self.reading.places()}
            elapsed = perf_counter() - self._begun
            if self._asked >= FREE_TRACES and self._seconds >= TRACE_SHARE * elapsed:
                return
            if self._covers(key, wanted):
                continue
            back = self.reading.put(wanted)
            if back is None:
                continue
            begun = perf_counter()
            try:
                yield wanted
            finally:
                back()
            self._asked += 1
            self._seconds += perf_counter() - begun

    def hold(self, key: Any, state: State) -> None:
        """Note that a signature's trace in ``state`` was as its other traces are."""
        self._traced.setdefault(key, []).append({**self.reading.values(), **state})

    def as_dict(self) -> dict[str, Any]:
        """What is read and which states of it were traced, as it goes over the line."""
        traced = list(self._traced.values())
        return {**self.reading.as_dict(), "traced": traced, "asked": self._asked, "awaits": self.awaits}

    def _covers(self, key: Any, state: State) -> bool:
        return any(agrees(state, traced) for traced in self._traced.get(key, ()))
