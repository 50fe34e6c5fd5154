"""The Python state that the traces of one candidate read, and its values at each trace (in the child process).

Two equal traces say little about state that was the same both times. So a signature is traced again when the state
that its traces read has changed, and the state of each trace is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...sandbox.child.clock import perf_counter
from ..late import State, agrees
from .calls import Calls
from .effects import Project
from .reads import Reading

#: Retraces because of a change: this many are always made, further ones within this share of the run's time.
FREE_TRACES, TRACE_SHARE = 6, 0.25


class Stability:
    """The state that the traces of a candidate read. ``expected`` are the changes that the observing run saw
    (`Reading.as_dict`); ``unfinished``: it did not reach the script's end, and may have missed a change.
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
        """Whether to trace the signature ``key`` again, because the state that it reads was not traced yet."""
        if self._clocks.get(key, self.reading.clock) == self.reading.clock:
            return False
        if self._covers(key, self.reading.values()):
            self._clocks[key] = self.reading.clock
            return False
        elapsed = perf_counter() - self._begun
        return self._asked < FREE_TRACES or self._seconds < TRACE_SHARE * elapsed

    @property
    def has_news(self) -> bool:
        """Whether some signature was not traced since the last change."""
        return any(clock != self.reading.clock for clock in self._clocks.values())

    def note(self, key: Any, calls: Calls, objects: Iterable[Any], seconds: float, draws: bool) -> None:
        """Record a trace: the functions that ran in it, the objects that they can reach, its seconds, and whether it
        ``draws`` random numbers."""
        self.reading.learn(calls, objects, draws)
        if self._clocks.get(key, self.reading.clock) != self.reading.clock:
            self._asked += 1
            self._seconds += seconds
        self._clocks[key] = self.reading.clock
        state = self.reading.values()
        if not self._covers(key, state):
            self._traced.setdefault(key, []).append(state)

    def explain(self, key: Any, state: State | None = None) -> str:
        """The change since the first trace of a signature, as a sentence's end; empty if none is known.

        ``state`` is the current state if it differs from the last inspection.
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
        """Whether a change of the state must still be traced: one that the observing run saw, or one that the source
        announces and that an unfinished observing run missed.
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
        """Each observed state in which the signature was not traced, the latest first.

        The process is in this state until the next one is requested. Call `hold` if the trace was the same in it.
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
        """Record that a signature's trace in ``state`` equals its other traces."""
        self._traced.setdefault(key, []).append({**self.reading.values(), **state})

    def as_dict(self) -> dict[str, Any]:
        """The state that is read and its traced values, in the form that is sent to the parent."""
        traced = list(self._traced.values())
        return {**self.reading.as_dict(), "traced": traced, "asked": self._asked, "awaits": self.awaits}

    def _covers(self, key: Any, state: State) -> bool:
        return any(agrees(state, traced) for traced in self._traced.get(key, ()))
