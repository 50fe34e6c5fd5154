"""The speedup of the original script with XLA's auto-clustering, which a flag enables: a reference row.

It takes one group of turns, run only if the budget allows. Nothing else depends on this number.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..records import AutoClustering, Benchmark, Edit, Target
from ..rewrite.lines import hook_in
from ..sandbox.parent import launch
from .benchmark import Start
from .contest import TURNS
from .seats import LEAST_TURNS, Arm, Group, Process, Schedule
from .statistics import pseudomedian
from .summary import EAGER
from .turns import run_group

CLUSTERED = "auto-clustered"
VARIABLE = "TF_XLA_FLAGS"
FLAGS = "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit"
#: The budget must have room for this multiple of the time of the benchmark's first group, because compiling is slow.
ROOM = 1.5
MOST = 3.0


def flags_with(environment: Mapping[str, str]) -> str | None:
    """The value of TF_XLA_FLAGS that adds auto-clustering to the user's own flags.

    None if those flags already set it, or name a file of flags, to which none can be added.
    """
    own = environment.get(VARIABLE, "").strip()
    if "tf_xla_auto_jit" in own or (own and not own.startswith("-")):
        return None
    return f"{own} {FLAGS}".strip()


def seconds_needed(benchmark: Benchmark) -> float:
    """The seconds that must be left of the budget: those of the benchmark's first group, and a margin."""
    return ROOM * sum(benchmark.pairs[0].total_seconds) if benchmark.pairs else math.inf


def run_auto_clustering(
    target: Target,
    unit: Edit,
    eager_unit_line: int,
    benchmark: Benchmark,
    folder: Path,
    *,
    deadline: float,
    steps: int | None = None,
    length: int | None = None,
    environment: Mapping[str, str] = os.environ,
    start: Start = launch.start,
    clock: Callable[[], float] = time.monotonic,
) -> AutoClustering | None:
    """Let the original script with and without the flag take turns, in one group.

    None if there is no time for that before ``deadline`` (seconds of ``clock``), if the user's own flags set it, or if
    there are too few turns. ``start`` must start a fresh process, for both arms: TensorFlow reads the flag once, so a
    process forked from one that has imported TensorFlow would ignore it.
    """
    flags = flags_with(environment)
    needed = seconds_needed(benchmark)
    now = clock()
    if flags is None or now + needed >= deadline:
        return None
    job: dict[str, Any] = {
        "role": "timed",
        "unit": hook_in((), unit.candidate, unit.file, eager_unit_line, unit.region),
        "edited": [],
    }
    arms = [Arm(EAGER, job), Arm(CLUSTERED, {**job, "environment": {VARIABLE: flags}})]

    def begin(arm: Arm) -> Process:
        return start(target, arm.job, (), folder, f"flag-{arm.name}")

    schedule = Schedule(
        deadline=min(deadline, now + MOST / ROOM * needed),
        soft_deadline=now + needed,
        turns=TURNS,
        most_turns=TURNS,
        steps=steps,
        length=length,
    )
    return _conclude(run_group(arms, begin, schedule, clock))


def _conclude(group: Group) -> AutoClustering | None:
    if group.failed == CLUSTERED:
        return AutoClustering(None, group.units, group.reason)
    if group.failed is not None or len(group.steady) < LEAST_TURNS:
        return None
    plain, clustered = group.arms.index(EAGER), group.arms.index(CLUSTERED)
    logs = [math.log(turn.seconds[plain] / turn.seconds[clustered]) for turn in group.steady]
    return AutoClustering(math.exp(pseudomedian(logs)), group.units)
