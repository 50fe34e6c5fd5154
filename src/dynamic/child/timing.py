"""Times the project's functions that are not candidates (in the child process).

Nothing else is recorded of them. Their own time excludes the calls that are watched or timed themselves.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from ...sandbox.child.binding import bind, disguise
from ...sandbox.child.clock import perf_counter


class Timing:
    """The hooks, and the seconds of each function since training began, at a candidate's first call if there is one.

    ``is_inside()``: whether the current call is part of a candidate's call, which then gets its time.
    """

    def __init__(self, names: list[str], is_inside: Callable[[], bool]) -> None:
        self.is_inside = is_inside
        self.rows = {name: {"calls": 0, "seconds": 0.0, "own_seconds": 0.0} for name in names}
        self.begun: float | None = None
        self.stack = threading.local()

    def begin(self) -> None:
        """Mark the start of training: earlier time does not count, and running calls count from now on."""
        self.begun = perf_counter()
        for row in self.rows.values():
            row.update(calls=0, seconds=0.0, own_seconds=0.0)
        for frame in self._frames():
            frame[:] = [self.begun, 0.0]

    def leave_out(self, seconds: float) -> None:
        """Exclude the seconds of a call that is watched itself from the running function's own time."""
        frames = self._frames()
        if frames:
            frames[-1][1] += seconds

    def wrap(self, name: str, function: Any) -> Callable[..., Any]:
        """The hook around one function."""
        call, row = bind(function), self.rows[name]

        def timed(*args: Any, **kwargs: Any) -> Any:
            tensorflow = sys.modules.get("tensorflow")
            if tensorflow is None or not tensorflow.executing_eagerly() or self.is_inside():
                return call(args, kwargs)
            frames, frame = self._frames(), [perf_counter(), 0.0]
            self.begun = frame[0] if self.begun is None else self.begun
            frames.append(frame)
            try:
                return call(args, kwargs)
            finally:
                frames.pop()
                lasted = perf_counter() - frame[0]
                row["calls"] += 1
                row["seconds"] += lasted
                row["own_seconds"] += lasted - frame[1]
                self.leave_out(lasted)

        return disguise(timed, function)

    def report(self) -> dict[str, Any]:
        """The seconds since training began, and the rows of the functions that have returned since."""
        now = perf_counter()
        return {
            "seconds": now - self.begun if self.begun is not None else 0.0,
            "functions": {name: row for name, row in self.rows.items() if row["calls"]},
        }

    def _frames(self) -> list[list[float]]:
        frames: list[list[float]] = self.stack.__dict__.setdefault("frames", [])
        return frames
