"""How far a cold run goes and how long it may take, reckoned from what the observed run and the check have timed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from ..measure.costs import base_result, trace_seconds
from ..records import Judgement
from .work import Work

#: What is kept back of the budget for the measurement, and the part of the rest that one plan's runs may take.
RESERVE, PART = 0.35, 0.5
#: The units that are wanted; those that the run goes on for past its time; and those without which it says nothing:
#: a call that builds, and one after it.
UNITS, LEAST_UNITS, FEWEST_UNITS = 60, 5, 2
#: With less of the budget left than this, no run is begun; and no run is cut before this because a unit is fast.
LEAST_SECONDS, SHORTEST_SECONDS = 5.0, 10.0
#: A cold run notes what it computes and draws from a stream of its own: it is that much slower at most.
SLACK = 1.5
#: A run that takes so many times as long as it should for the first units, and so many seconds, is taken to hang.
HANGS, HANG_SECONDS = 10.0, 60.0
#: A first call that creates variables is traced twice.
TRACES = 2


@dataclass(frozen=True)
class Pace:
    """The seconds from a process's start to its first unit, those of a unit, and those of the plan's traces."""

    start: float
    unit: float
    traces: float

    def seconds(self, units: int) -> float:
        """What a cold run of so many units takes."""
        return SLACK * (self.start + self.traces + units * self.unit)


@dataclass(frozen=True)
class Limits:
    """When a cold run ends before its units are done.

    It ends after ``seconds`` in any case. Before that, it ends at the first of the rows of ``patience`` that is met:
    after so many seconds, with so many units done.
    """

    seconds: float
    patience: tuple[tuple[float, int], ...]


def pace_of(work: Work, unit: Judgement, plan: Sequence[Judgement]) -> Pace:
    """The pace of the script whose unit is ``unit``; ``plan`` are the candidates that would be traced."""
    seen = unit.observation
    training = seen.seconds / seen.share if seen.share > 0 else seen.seconds
    results = [result for each in plan if (result := base_result(each)) is not None]
    traces = sum(TRACES * trace_seconds(result) for result in results)
    return Pace(work.startup_seconds, max(training / max(seen.calls, 1), 1e-6), traces)


def steps_of(work: Work, unit: Judgement) -> int:
    """How many units each cold run does where its time suffices: never more than the user wants, or than there are."""
    wanted = min(work.options.steps or UNITS, UNITS)
    return min(wanted, max(LEAST_UNITS, unit.observation.calls - 1))


def limits_of(work: Work, pace: Pace, steps: int, arms: int, kept: float) -> Limits:
    """The limits of so many runs side by side that begin now; ``kept`` seconds of the budget are kept back.

    What is kept back is of no use where nothing has been proved: the fewest units may take all that is left, unless
    that is so much longer than they should take that the script must hang.
    """
    spare = _spare(work, kept)
    most = max(HANG_SECONDS, HANGS * _crowd(arms) * pace.seconds(LEAST_UNITS))
    planned = min(max(SHORTEST_SECONDS, cold_seconds(pace, steps, arms)), PART * spare)
    return Limits(min(work.left, most), ((planned, LEAST_UNITS), (spare, FEWEST_UNITS)))


def is_soon_called(judgement: Judgement, unit: Judgement) -> bool:
    """Whether a cold run comes to its first calls within the units that it does in any case."""
    return judgement.observation.calls * UNITS >= 4 * unit.observation.calls


def cold_seconds(pace: Pace, steps: int, arms: int) -> float:
    """What so many cold runs side by side are reckoned to take."""
    return _crowd(arms) * pace.seconds(steps)


def reserve(work: Work) -> float:
    """The seconds of the budget that are kept back for the measurement."""
    return RESERVE * work.options.budget_seconds


def _spare(work: Work, kept: float) -> float:
    return max(work.left - kept, work.left / 2)


def _crowd(arms: int) -> float:
    """How much slower each run is beside the others. One after the other, they would take no less time together."""
    return max(1.0, arms / cores())


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
