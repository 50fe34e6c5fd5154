"""The clock by which the script goes.

A script that trains "for thirty seconds" must not lose the time in which another run has its turn; and what a run does
because of the clock shows where the clock is another one. So the functions of ``time`` that Python code reads are
replaced by ones that can stand still, jump, and go at another rate. Clocks that are read below Python go on
(``tf.timestamp``, ``datetime.now``). The class ``datetime`` stays what it is: C extensions have its layout compiled in,
and pandas crashes with another one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

#: Real time, whatever the script's clock says: for what we measure ourselves.
perf_counter = time.perf_counter
_NAMES = ("time", "monotonic", "perf_counter")
_NANOSECONDS = 1_000_000_000


class Clock:
    """The script's clock: real time, less what was hidden, times a rate, plus what it jumped.

    ``reads`` counts how often it was read.
    """

    def __init__(self, rate: float = 1.0) -> None:
        self.reads = 0
        self._rate = rate
        self._hidden = 0.0
        self._jumped = 0
        self._real: dict[str, Callable[[], int]] = {name: getattr(time, f"{name}_ns") for name in _NAMES}
        self._begun = {name: read() for name, read in self._real.items()}

    def hide(self, seconds: float) -> None:
        """Have the script not notice that so much time has passed."""
        self._hidden += seconds

    def jump(self, seconds: float) -> None:
        """Have so much time pass for the script, at once."""
        self._jumped += int(seconds * _NANOSECONDS)

    def install(self) -> None:
        """Have Python code read this clock from now on."""
        for name in _NAMES:
            self._replace(name)

    def _now(self, name: str) -> int:
        self.reads += 1
        passed = self._real[name]() - self._begun[name] - int(self._hidden * _NANOSECONDS)
        return self._begun[name] + int(passed * self._rate) + self._jumped

    def _replace(self, name: str) -> None:
        def read() -> float:
            return self._now(name) / _NANOSECONDS

        def read_ns() -> int:
            return self._now(name)

        for function in (read, read_ns):
            # As it was called, and for pickle as it is found; AutoGraph is to call it, and not to convert it.
            function.__name__ = function.__qualname__ = name if function is read else f"{name}_ns"
            function.__module__, function.__doc__ = "time", getattr(time, function.__name__).__doc__
            function.__dict__["autograph_info__"] = {}
            setattr(time, function.__name__, function)
