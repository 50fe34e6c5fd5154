"""The pytest plugin: a marker that makes `assert_hybrid_safe` also measure, and a table of the measurements.

Every pytest run in an environment with hybridize imports it, so it imports nothing slow.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

_PROPERTY = "hybrid_benchmark"
_MARKER = (
    "hybrid_benchmark(rounds=20, min_speedup=None): measure what assert_hybrid_safe compares, eagerly and as a graph; "
    "fail if the whole interval of the speedup is below min_speedup"
)
_HEADER = ("test", "function", "eager", "graph", "speedup", "95% interval", "rounds")


@dataclass(frozen=True)
class Measured:
    """The measurement of one assertion: seconds per call, and the speedup with its interval."""

    function: str
    eager_seconds: float
    graph_seconds: float
    speedup: float
    low: float
    high: float
    rounds: int


class Wanted:
    """The request to measure the current test."""

    def __init__(self, item: Any, rounds: int = 20, min_speedup: float | None = None) -> None:
        if not isinstance(rounds, int) or rounds < 2:
            raise ValueError(f"hybrid_benchmark takes rounds, a whole number of at least 2, not {rounds!r}.")
        self._item = item
        self.rounds = rounds
        self._least = min_speedup

    def add(self, measured: Measured) -> None:
        """Store a measurement for the reports. Raises AssertionError if the speedup is below ``min_speedup``."""
        self._item.user_properties.append((_PROPERTY, json.dumps(asdict(measured))))
        if self._least is not None and measured.high < self._least:
            raise AssertionError(
                f"{measured.function} is {measured.speedup:.2f}x as fast as a graph (95% interval {measured.low:.2f} "
                f"to {measured.high:.2f}, {measured.rounds} rounds), but at least {self._least:g}x is required"
            )


#: The request of the running test.
wanted: Wanted | None = None


def pytest_configure(config: Any) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


def pytest_runtest_setup(item: Any) -> None:
    """Read the marker of a test."""
    global wanted
    marker = item.get_closest_marker(_PROPERTY)
    wanted = None if marker is None else Wanted(item, *marker.args, **marker.kwargs)


def pytest_runtest_teardown(item: Any) -> None:
    """Clear the request."""
    global wanted
    wanted = None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table. The numbers come with the tests' reports, also from other processes (pytest-xdist)."""
    rows = [_HEADER]
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, value in getattr(report, "user_properties", ()):
            if name == _PROPERTY and report.when == "call":
                rows.append((report.nodeid, *_cells(Measured(**json.loads(value)))))
    if len(rows) == 1:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    terminalreporter.write_sep("-", f"hybrid benchmark: {len(rows) - 1}")
    for row in rows:
        texts = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
        numbers = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        terminalreporter.write_line("  ".join([*texts, *numbers]))


def _cells(measured: Measured) -> tuple[str, ...]:
    return (
        measured.function,
        _duration(measured.eager_seconds),
        _duration(measured.graph_seconds),
        f"{measured.speedup:.2f}x",
        f"{measured.low:.2f} to {measured.high:.2f}",
        str(measured.rounds),
    )


def _duration(seconds: float) -> str:
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"
