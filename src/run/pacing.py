"""The length and time limit of a cold run, estimated from the timings of the observed run and of the check.

Also the times that several stages must know of, because one leaves them to another.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from ..measure.costs import base_result, trace_seconds
from ..records import Judgement
from .work import Work

#: The share of the budget reserved for the measurement, and the share of the rest that one plan's runs may take.
RESERVE, PART = 0.35, 0.5
#: The share of the budget that is reserved for several seeds if --drift-runs asks for them. The benchmark may use the
#: rest.
SEEDS_SHARE = 0.5
#: The seconds of a race in addition to starting its processes.
RACE_SECONDS = 8.0
#: The intended number of units; the number up to which a run may exceed its planned time; and the fewest that decide
#: anything: a call that builds, and one after it.
UNITS, LEAST_UNITS, FEWEST_UNITS = 60, 5, 2
#: No run is started with less of the budget left than this. A run is not cut before this because its units are fast.
LEAST_SECONDS, SHORTEST_SECONDS = 5.0, 10.0
#: The most that recording, and drawing from a separate random stream, slows a cold run down.
SLACK = 1.5
#: A run hangs if its first units take this multiple of the expected time and at least these seconds.
HANGS, HANG_SECONDS = 10.0, 60.0
#: A first call that creates variables is traced twice.
TRACES = 2


@dataclass(frozen=True)
class Pace:
    """Seconds from the start of a process to its first unit, of one unit, and of all traces of the plan."""

    start: float
    unit: float
    traces: float

    def seconds(self, units: int) -> float:
        """The estimated seconds of a cold run of ``units`` units."""
        return SLACK * (self.start + self.traces + units * self.unit)


@dataclass(frozen=True)
class Limits:
    """When a cold run ends before it has done all units.

    It ends after ``seconds`` in any case. Before that, it ends as soon as a row (seconds, units) of ``patience`` is
    met: that time has passed and that many units are done.
    """

    seconds: float
    patience: tuple[tuple[float, int], ...]


def pace_of(work: Work, unit: Judgement, plan: Sequence[Judgement]) -> Pace:
    """The pace of a script whose unit is a call of ``unit``; ``plan`` are the candidates that would be traced."""
    seen = unit.observation
    training = seen.seconds / seen.share if seen.share > 0 else seen.seconds
    results = [result for each in plan if (result := base_result(each)) is not None]
    traces = sum(TRACES * trace_seconds(result) for result in results)
    return Pace(work.startup_seconds, max(training / max(seen.calls, 1), 1e-6), traces)


def steps_of(work: Work, unit: Judgement) -> int:
    """How many units each cold run does if time allows: at most those of --steps, and those of the observed run."""
    wanted = min(work.options.steps or UNITS, UNITS)
    return min(wanted, max(LEAST_UNITS, unit.observation.calls - 1))


def limits_of(work: Work, pace: Pace, steps: int, arms: int, kept: float, far: int = 0) -> Limits:
    """The limits of ``arms`` runs side by side that start now; ``kept`` seconds of the budget are reserved.

    With fewer than ``far`` units, they show nothing.

    The reserve is useless if nothing is proved. So the fewest units may take all the time that is left, up to the
    point where the script must be hanging.
    """
    spare = _spare(work, kept)
    most = max(HANG_SECONDS, HANGS * _crowd(arms) * pace.seconds(LEAST_UNITS))
    planned = min(max(SHORTEST_SECONDS, cold_seconds(pace, max(steps, far), arms)), PART * spare)
    return Limits(min(work.left, most), ((planned, max(LEAST_UNITS, far)), (spare, FEWEST_UNITS)))


def is_soon_called(judgement: Judgement, unit: Judgement) -> bool:
    """Whether a cold run reaches the candidate's first calls within its intended number of units."""
    return judgement.observation.calls * UNITS >= 4 * unit.observation.calls


def cold_seconds(pace: Pace, steps: int, arms: int) -> float:
    """The estimated seconds of ``arms`` cold runs side by side, of ``steps`` units each."""
    return _crowd(arms) * pace.seconds(steps)


def reserve(work: Work) -> float:
    """The seconds of the budget that are reserved for the measurement."""
    return RESERVE * work.options.budget_seconds


def check_seconds(work: Work, share: float) -> float:
    """The seconds of a check that may take this share of the budget.

    It takes down to half of that if too little is left after it for a cold run and for two groups of the measurement,
    without which there is no interval. Each of these starts three processes.
    """
    after = 3 * (_crowd(3) * work.startup_seconds + RACE_SECONDS)
    return min(work.share(share), max(work.share(share / 2), work.left - after))


def _spare(work: Work, kept: float) -> float:
    return max(work.left - kept, work.left / 2)


def _crowd(arms: int) -> float:
    """How much slower each run is next to the others. Run in sequence, they would take at least as long in total."""
    return max(1.0, arms / cores())


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
