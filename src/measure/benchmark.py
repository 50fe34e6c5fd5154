"""The measurement: compares the original and the edited script, in groups of fresh processes that take turns.

docs/measuring.md explains the method.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from ..records import Benchmark, Crash, Edit, EditedFile, Pair, Region, Target, TimedTurn, Unclear
from ..rewrite.lines import hook_in
from ..sandbox.parent import launch
from .seats import LEAST_TURNS, TURNS, Arm, Group, Process, Schedule, Turn
from .statistics import FALSE_POSITIVES, mean_log, planned_looks, pseudomedian, pseudomedian_error
from .summary import EAGER, EDITED, NO_TAIL, TWIN, Tail, summarize, usable
from .turns import run_group

PAIRS = 10
MIN_SPEEDUP = 1.05
# The first look comes after this many groups, so the budget must suffice for them.
FIRST_LOOK = 3
# In later groups, turns go on until the ratio's standard error is 2%, less than the difference between processes.
MOST_TURNS = 60
PRECISION = 0.02
# A script is run to its end once if the rest of it takes at most this share of the remaining time.
FINISH_SHARE = 0.25
CLOSING_SECONDS = 3.0

Start = Callable[[Target, dict[str, Any], Sequence[EditedFile], Path, str], Process]


@dataclass(frozen=True)
class Cover:
    """Another function that the plan converts; its callees run in its graph. ``line`` is the line of its ``def``."""

    candidate: str
    file: str
    line: int
    hybrid: bool = False
    region: Region | None = None


def run_benchmark(
    target: Target,
    unit: Edit,
    eager_unit_line: int,
    files: Sequence[EditedFile],
    folder: Path,
    *,
    pairs: int = PAIRS,
    steps: int | None = None,
    length: int | None = None,
    min_speedup: float = MIN_SPEEDUP,
    width: float = math.inf,
    hybrid: bool = False,
    covers: Sequence[Cover] = (),
    tail: Tail = NO_TAIL,
    deadline: float,
    watch: Callable[[str], None] = lambda _text: None,
    keep: Callable[[Benchmark], None] = lambda _benchmark: None,
    start: Start = launch.start,
    clock: Callable[[], float] = time.monotonic,
) -> Benchmark:
    """Measure the effect of ``files`` (the edited files) on the speed of the script.

    ``unit`` is the edit whose function is the unit of work, and ``eager_unit_line`` the line of its ``def`` in the
    original file, where ``hybrid`` says that it is decorated; without a file, the unit is a batch of ``Model.fit``. At
    most ``pairs`` groups are run, and none after ``deadline`` (seconds of ``clock``). An arm runs at most ``steps``
    units. ``length`` is the number of units of the whole script, if known, and ``tail`` the work after the last of
    them. Calls inside one of ``covers`` are not units. ``min_speedup`` is the smallest ratio that counts. The answer is
    clear only if the ends of the interval differ by a factor of at most ``width``. ``watch`` receives the progress.
    ``keep`` receives the result so far after each group, so that an interrupt loses nothing. Logs go to ``folder``.
    Arms that crash or hang make the result incomplete; they raise nothing.
    """
    run = _Run(unit, pairs, min_speedup, width=width, steps=steps, length=length, tail=tail)
    arms = _arms(unit, eager_unit_line, files, hybrid, covers)
    while run.next_group(clock(), deadline):
        number = len(run.groups)
        watch(f"group {number + 1} of at most {pairs}{_so_far(run)}")

        def begin(arm: Arm, number: int = number) -> Process:
            label = f"benchmark-{number + 1}-{arm.name.replace(' ', '-')}"
            return start(target, arm.job, arm.files, folder, label)

        begun = clock()
        chosen = [arm for arm in arms if arm.name in run.names()]
        group = run_group(chosen, begin, run.schedule(begun, deadline), clock)
        run.add(group, clock() - begun)
        keep(run.result())
        if group.reason:
            watch(f"group {number + 1} was cut short: {group.reason}")
    return run.result()


def _arms(
    unit: Edit, eager_unit_line: int, files: Sequence[EditedFile], hybrid: bool, covers: Sequence[Cover] = ()
) -> list[Arm]:
    """The arms. The last one can be left out."""
    before = [unit.candidate] if hybrid else []
    eager = job_of(unit, eager_unit_line, (), before, covers)
    edited = job_of(unit, eager_unit_line, files, before, covers)
    return [Arm(EAGER, eager), Arm(EDITED, edited, files), Arm(TWIN, eager)]


def job_of(
    unit: Edit, eager_unit_line: int, files: Sequence[EditedFile], hybrid: Sequence[str], covers: Sequence[Cover]
) -> dict[str, Any]:
    """The job of an arm that runs the edited ``files``. ``hybrid`` are the ids of functions decorated before any edit.
    """
    hooks = [hook_in(files, c.candidate, c.file, c.line, c.region) for c in covers]
    before = [*hybrid, *(cover.candidate for cover in covers if cover.hybrid)]
    job = {
        "role": "timed",
        "edited": sorted({*before, *(candidate for edited in files for candidate in edited.def_lines)}),
        "hooks": hooks,
        "covers": [cover.candidate for cover in covers],
    }
    if not unit.file:
        return {**job, "fit": unit.candidate}
    return {**job, "unit": hook_in(files, unit.candidate, unit.file, eager_unit_line, unit.region)}


def _so_far(run: _Run) -> str:
    ratios = [pair.ratio for pair in run.pairs if pair.ratio is not None]
    return f" ({math.exp(mean_log(ratios)):.2f}x so far)" if ratios else ""


@dataclass
class _Run:
    """The groups so far, and the plan for the next one."""

    unit: Edit
    most: int
    min_speedup: float
    width: float = math.inf
    steps: int | None = None
    length: int | None = None
    tail: Tail = NO_TAIL

    def __post_init__(self) -> None:
        self.by_clock = False
        self.groups: list[Group] = []
        self.pairs: list[Pair] = []
        self.looks = list(planned_looks(self.most))
        self.spent = 0.0
        self.clear: Benchmark | None = None
        self.why_ended, self.cause = "", Unclear.BUDGET
        self.tight = False
        self.group_seconds = 0.0

    def names(self) -> tuple[str, ...]:
        """The arms of the next group. If memory is short, eager is paired with the edited script and its twin in
        alternation."""
        if not self.tight:
            return EAGER, EDITED, TWIN
        done = [group.arms for group in self.groups if group.failed is None]
        compared, alike = (sum(name in arms for arms in done) for name in (EDITED, TWIN))
        return (EAGER, EDITED) if compared <= alike else (EAGER, TWIN)

    def next_group(self, now: float, deadline: float) -> bool:
        """Whether to run another group."""
        count = len(usable(self.pairs))
        failures = sum(group.failed is not None for group in self.groups)
        if self.clear is not None:
            return False
        if self._crash() is not None:
            self.why_ended, self.cause = self.groups[-1].reason, Unclear.EDITED_FAILED
        elif self.most <= count:
            self.why_ended, self.cause = f"all {self.most} groups were run", Unclear.NOISE
        elif len(self.groups) > 2 * self.most:
            self.why_ended = f"of {len(self.groups)} groups only {count} had enough turns"
            self.cause = Unclear.FEW_UNITS
        elif failures >= 2:
            failed = next(group for group in self.groups if group.failed is not None)
            self.why_ended, self.cause = failed.reason, failed.cause or Unclear.BUDGET
        elif not count and len(self.groups) >= FIRST_LOOK:
            self.why_ended, self.cause = self._why_unusable()
        elif now + self.group_seconds + CLOSING_SECONDS >= deadline:
            self.why_ended, self.cause = self._why_over()
        else:
            return True
        return False

    def _crash(self) -> Crash | None:
        """The failure of the edited script at a point that the original passed."""
        return next((group.crash for group in self.groups if group.failed == EDITED), None)

    def _why_unusable(self) -> tuple[str, Unclear]:
        last = self.groups[-1]
        if last.whole or last.note:
            return f"the script ended after {last.units} steps, too few to find the steady state", Unclear.FEW_UNITS
        few = f"{last.units} steps are too few to find the steady state"
        return last.reason or few, last.cause or Unclear.FEW_UNITS

    def _why_over(self) -> tuple[str, Unclear]:
        """Why there is no answer when the time is up: the budget, unless a group failed for another reason."""
        failed = next((group for group in self.groups if group.failed is not None), None)
        if failed is not None and len(usable(self.pairs)) < 2:
            return failed.reason, failed.cause or Unclear.BUDGET
        return "the budget ended before the answer was clear", Unclear.BUDGET

    def schedule(self, now: float, deadline: float) -> Schedule:
        """The task of the next group."""
        left = deadline - CLOSING_SECONDS - now
        later = len(self.groups) >= FIRST_LOOK
        missing = max(1, min(self.most, FIRST_LOOK) - len(self.groups))
        finished = any(group.whole or group.note for group in self.groups)
        return Schedule(
            deadline=now + left,
            soft_deadline=now + left / missing,
            turns=TURNS,
            most_turns=MOST_TURNS if later else TURNS,
            enough=_is_precise,
            steps=self.steps,
            length=self.length,
            finish_seconds=0.0 if finished else FINISH_SHARE * left,
            offset=len(self.groups),
            room=has_room,
            probe=not self.groups,
            tail_seconds=max(self.tail.eager, self.tail.edited),
        )

    def add(self, group: Group, seconds: float) -> None:
        """Add a group, and evaluate the result if a look is planned."""
        self.groups.append(group)
        self.tight = self.tight or group.out_of_memory or (group.complete and len(group.arms) == 2)
        turn_cost = fmean(sum(turn.seconds) for turn in group.steady) if group.steady else 0.0
        self.group_seconds = max(self.group_seconds, group.setup_seconds + LEAST_TURNS * turn_cost)
        if not group.steady:
            self.group_seconds = max(self.group_seconds, seconds)
        if group.by_clock:
            # The observed number of units is not the script's length: it runs as many units as fit in its time.
            self.by_clock, self.length = True, None
        elif group.whole:
            self.length = group.units
        self.pairs.append(_as_pair(group))
        if self.looks and len(usable(self.pairs)) >= self.looks[0][0]:
            _, alpha = self.looks.pop(0)
            self.spent += alpha
            found = self._summarize(alpha)
            if found.verdict != "inconclusive" and self._is_narrow(found):
                self.clear = found

    def _is_narrow(self, found: Benchmark) -> bool:
        return found.speedup is not None and found.speedup.high <= self.width * found.speedup.low

    def result(self) -> Benchmark:
        """The result so far. If the last look has not happened, it happens now, with the remaining alpha."""
        ending = next((group.note for group in self.groups if group.note), "")
        if self.clear is not None:
            return replace(self.clear, ending=ending)
        crash = self._crash()
        if crash is not None:
            return refuted(self._summarize(FALSE_POSITIVES), crash)
        alpha = FALSE_POSITIVES - self.spent if self.looks else planned_looks(self.most)[-1][1]
        found = self._summarize(alpha)
        if found.verdict == "inconclusive":
            why = [part for part in (self.why_ended, found.reason, ending) if part]
            found = replace(found, reason="; ".join(dict.fromkeys(why)), cause=self.cause)
        return replace(found, ending=ending)

    def _summarize(self, alpha: float) -> Benchmark:
        found = summarize(self.unit, self.pairs, alpha, self.min_speedup, self.length, self.tail)
        if self.by_clock:
            # The script takes a fixed time, and the units that were run are not the whole script.
            return replace(found, end_to_end_speedup=None, whole_script=False, by_clock=True)
        return found


def refuted(benchmark: Benchmark, crash: Crash) -> Benchmark:
    """The result if the edited script fails: the runs without a speedup."""
    return replace(
        benchmark,
        speedup=None,
        steady_state_speedup=None,
        end_to_end_speedup=None,
        cold_start_seconds=None,
        break_even_units=None,
        whole_script=False,
        verdict="inconclusive",
        reason=f"the edited script {crash.error}; the original script does not",
        cause=Unclear.EDITED_FAILED,
        crash=crash,
    )


def _as_pair(group: Group) -> Pair:
    ratio = eager_ratio = None
    steady = group.steady
    if len(steady) >= LEAST_TURNS:
        if EDITED in group.arms and EAGER in group.arms:
            ratio = math.exp(pseudomedian(_log_ratios(group.arms, steady)))
        if TWIN in group.arms and EAGER in group.arms:
            eager, twin = group.arms.index(EAGER), group.arms.index(TWIN)
            logs = [math.log(turn.seconds[eager] / turn.seconds[twin]) for turn in steady]
            eager_ratio = math.exp(pseudomedian(logs))
    return Pair(
        arms=group.arms,
        turns=tuple(TimedTurn(turn.units, turn.seconds) for turn in group.turns),
        ratio=ratio if group.failed is None else None,
        eager_ratio=eager_ratio if group.failed is None else None,
        startup_seconds=group.startup_seconds,
        total_seconds=group.total_seconds,
        peak_rss_bytes=group.peak_rss_bytes,
        peak_device_bytes=group.peak_device_bytes,
        complete=group.complete,
        warm_turns=sum(turn.warm for turn in group.turns),
        whole=group.whole,
        reason=group.reason,
    )


def _log_ratios(arms: Sequence[str], turns: Sequence[Turn]) -> list[float]:
    """Per turn, log of (the eager arms' geometric mean / the edited arm's seconds)."""
    edited = arms.index(EDITED)
    eager = [position for position, name in enumerate(arms) if name != EDITED]
    return [
        mean_log([turn.seconds[position] for position in eager]) - math.log(turn.seconds[edited])
        for turn in turns
    ]


def _is_precise(turns: Sequence[Turn]) -> bool:
    # The turns carry no names of arms. Their order is that of _arms, with the edited arm second.
    names = (EAGER, EDITED, TWIN)[: len(turns[0].seconds)]
    return pseudomedian_error(_log_ratios(names, turns)) <= PRECISION


def has_room(wanted: int) -> bool:
    """Whether the machine has that many bytes of memory left; True if it does not say."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return wanted <= int(line.split()[1]) * 1024
    return True
