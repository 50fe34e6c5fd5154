"""The script's clock.

A script that trains "for thirty seconds" must not lose the time of another run's turn, and a run under another clock
shows which of its results depend on the time. So the functions of ``time`` are replaced by ones that can stop, jump and
run at another rate. Clocks below Python are not changed (``tf.timestamp``, ``datetime.now``). The class ``datetime``
is not replaced: C extensions have its layout compiled in, and pandas crashes with another class.
"""

from __future__ import annotations

import time
from collections.abc import Callable

#: Real time, for our own measurements.
perf_counter = time.perf_counter
_NAMES = ("time", "monotonic", "perf_counter")
_NANOSECONDS = 1_000_000_000


class Clock:
    """The script's clock: real time minus the hidden seconds, times a rate, plus the jumps.

    ``reads`` counts its reads.
    """

    def __init__(self, rate: float = 1.0) -> None:
        self.reads = 0
        self._rate = rate
        self._hidden = 0.0
        self._jumped = 0
        self._real: dict[str, Callable[[], int]] = {name: getattr(time, f"{name}_ns") for name in _NAMES}
        self._begun = {name: read() for name, read in self._real.items()}

    def hide(self, seconds: float) -> None:
        """Hide that ``seconds`` have passed."""
        self._hidden += seconds

    def jump(self, seconds: float) -> None:
        """Advance the script's clock by ``seconds`` at once."""
        self._jumped += int(seconds * _NANOSECONDS)

    def install(self) -> None:
        """Make Python code read this clock from now on."""
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
            # The original's name and module, which pickle needs too. AutoGraph must call it without converting it.
            function.__name__ = function.__qualname__ = name if function is read else f"{name}_ns"
            function.__module__, function.__doc__ = "time", getattr(time, function.__name__).__doc__
            function.__dict__["autograph_info__"] = {}
            setattr(time, function.__name__, function)
