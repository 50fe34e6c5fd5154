"""Compares the script as it stands with the script as edited, by groups of fresh processes taking turns.

How it measures, and why so, is told in docs/measuring.md.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

from ..records import Benchmark, Crash, Edit, EditedFile, Interval, Pair, Target, Unclear
from ..sandbox import launch
from .statistics import (
    FALSE_POSITIVES,
    mean_log,
    noise_floor,
    planned_looks,
    pseudomedian,
    pseudomedian_error,
    ratio_interval,
    without_slowest,
)
from .turns import LEAST_TURNS, TURNS, Arm, Group, Process, Schedule, Turn, run_group

EAGER, TWIN, EDITED = "eager", "eager twin", "edited"
PAIRS = 10
MIN_SPEEDUP = 1.05
# The first look comes after this many groups, so the budget must hold as many.
FIRST_LOOK = 3
# In later groups the turns go on until a group's ratio is known to 2%, less than two processes differ by.
MOST_TURNS = 60
PRECISION = 0.02
# A script whose rest takes no longer than this share of the remaining time is run to its end, once.
FINISH_SHARE = 0.25
CLOSING_SECONDS = 3.0
# Slow turns count when they cost a quarter of the gain on the whole, and a tenth in every group.
SLOW_TURNS_MEAN, SLOW_TURNS_EACH = 1.25, 1.1

Start = Callable[[Target, dict[str, Any], Sequence[EditedFile], Path, str], Process]


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
    hybrid: bool = False,
    deadline: float,
    watch: Callable[[str], None] = lambda _text: None,
    keep: Callable[[Benchmark], None] = lambda _benchmark: None,
    start: Start = launch.start,
    clock: Callable[[], float] = time.monotonic,
) -> Benchmark:
    """Measure what ``files`` (the edited files) change in the script's speed.

    ``unit`` is the edit whose function is the unit of work, ``eager_unit_line`` the line of its ``def`` in
    the file as it stands, where ``hybrid`` says that it is decorated; without a file, the unit is a batch of
    ``Model.fit``. At most ``pairs`` groups are run, none beyond ``deadline`` (seconds of ``clock``);
    an arm does at most ``steps`` units. ``length`` is the number of units of the whole script, where known.
    ``min_speedup`` is the least ratio that counts. ``watch`` is told how it goes; ``keep`` is given the
    result so far after each group, so that an interrupt loses nothing. Logs go to ``folder``. Arms that
    crash or hang make the result incomplete; they raise nothing.
    """
    run = _Run(unit, pairs, min_speedup, steps=steps, length=length)
    arms = _arms(unit, eager_unit_line, files, hybrid)
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


def _arms(unit: Edit, eager_unit_line: int, files: Sequence[EditedFile], hybrid: bool) -> list[Arm]:
    """The arms, the dispensable one last."""
    line = eager_unit_line
    for edited in files:
        if edited.file == unit.file:
            line = edited.def_lines.get(unit.candidate, edited.line_map[eager_unit_line - 1])
    before = [unit.candidate] if hybrid else []
    decorated = sorted({*before, *(candidate for edited in files for candidate in edited.def_lines)})

    def job(line: int, decorated: list[str]) -> dict[str, Any]:
        if not unit.file:
            return {"role": "timed", "fit": unit.candidate, "edited": decorated}
        place = {"file": unit.file, "line": line, "id": unit.candidate}
        return {"role": "timed", "unit": place, "edited": decorated}

    return [
        Arm(EAGER, job(eager_unit_line, before)),
        Arm(EDITED, job(line, decorated), files),
        Arm(TWIN, job(eager_unit_line, before)),
    ]


def _so_far(run: _Run) -> str:
    ratios = [pair.ratio for pair in run.pairs if pair.ratio is not None]
    return f" ({math.exp(mean_log(ratios)):.2f}x so far)" if ratios else ""


@dataclass
class _Run:
    """The groups so far, and what follows from them for the next one."""

    unit: Edit
    most: int
    min_speedup: float
    steps: int | None = None
    length: int | None = None

    def __post_init__(self) -> None:
        self.groups: list[Group] = []
        self.pairs: list[Pair] = []
        self.looks = list(planned_looks(self.most))
        self.spent = 0.0
        self.clear: Benchmark | None = None
        self.why_ended, self.cause = "", Unclear.BUDGET
        self.tight = False
        self.group_seconds = 0.0

    def names(self) -> tuple[str, ...]:
        """The arms of the next group. Where memory is short, eager meets the edit and its twin by turns."""
        if not self.tight:
            return EAGER, EDITED, TWIN
        done = [group.arms for group in self.groups if group.failed is None]
        compared, alike = (sum(name in arms for arms in done) for name in (EDITED, TWIN))
        return (EAGER, EDITED) if compared <= alike else (EAGER, TWIN)

    def next_group(self, now: float, deadline: float) -> bool:
        """Whether another group is to be run."""
        usable = _usable(self.pairs)
        failures = sum(group.failed is not None for group in self.groups)
        if self.clear is not None:
            return False
        if self._crash() is not None:
            self.why_ended, self.cause = self.groups[-1].reason, Unclear.EDITED_FAILED
        elif self.most <= len(usable):
            self.why_ended, self.cause = f"all {self.most} groups were run", Unclear.NOISE
        elif len(self.groups) > 2 * self.most:
            self.why_ended = f"of {len(self.groups)} groups only {len(usable)} had enough turns"
            self.cause = Unclear.FEW_UNITS
        elif failures >= 2:
            failed = next(group for group in self.groups if group.failed is not None)
            self.why_ended, self.cause = failed.reason, failed.cause or Unclear.BUDGET
        elif not usable and len(self.groups) >= FIRST_LOOK:
            self.why_ended, self.cause = self._why_unusable()
        elif now + self.group_seconds + CLOSING_SECONDS >= deadline:
            self.why_ended, self.cause = self._why_over()
        else:
            return True
        return False

    def _crash(self) -> Crash | None:
        """How the edited script failed where the script as it stands went on."""
        return next((group.crash for group in self.groups if group.failed == EDITED), None)

    def _why_unusable(self) -> tuple[str, Unclear]:
        last = self.groups[-1]
        if last.whole or last.note:
            return f"the script ended after {last.units} units, too few to tell a steady state", Unclear.FEW_UNITS
        few = f"{last.units} units are too few to tell a steady state"
        return last.reason or few, last.cause or Unclear.FEW_UNITS

    def _why_over(self) -> tuple[str, Unclear]:
        """Why there is no answer when the time is over: for the time, unless a group failed for another reason."""
        failed = next((group for group in self.groups if group.failed is not None), None)
        if failed is not None and len(_usable(self.pairs)) < 2:
            return failed.reason, failed.cause or Unclear.BUDGET
        return "the budget ended before the answer was clear", Unclear.BUDGET

    def schedule(self, now: float, deadline: float) -> Schedule:
        """What the next group is to do."""
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
            room=_has_room,
        )

    def add(self, group: Group, seconds: float) -> None:
        """Take in a group, and look at the result if it is time for that."""
        self.groups.append(group)
        self.tight = self.tight or group.out_of_memory or (group.complete and len(group.arms) == 2)
        turn_cost = fmean(sum(turn.seconds) for turn in group.steady) if group.steady else 0.0
        self.group_seconds = max(self.group_seconds, group.setup_seconds + LEAST_TURNS * turn_cost)
        if not group.steady:
            self.group_seconds = max(self.group_seconds, seconds)
        if group.whole:
            self.length = group.units
        self.pairs.append(_as_pair(group))
        usable = len(_usable(self.pairs))
        if self.looks and usable >= self.looks[0][0]:
            _, alpha = self.looks.pop(0)
            self.spent += alpha
            found = summarize(self.unit, self.pairs, alpha, self.min_speedup, self.length)
            if found.verdict != "inconclusive":
                self.clear = found

    def result(self) -> Benchmark:
        """The result so far; the last look, if it hasn't been taken, is taken with the alpha that is left."""
        notes = [group.note for group in self.groups if group.note]
        if self.clear is not None:
            return replace(self.clear, reason="; ".join([self.clear.reason, *notes[:1]]))
        crash = self._crash()
        if crash is not None:
            return self._refuted(crash)
        alpha = FALSE_POSITIVES - self.spent if self.looks else planned_looks(self.most)[-1][1]
        found = summarize(self.unit, self.pairs, alpha, self.min_speedup, self.length)
        if found.verdict == "inconclusive":
            why = [part for part in (self.why_ended, found.reason) if part]
            found = replace(found, reason="; ".join(dict.fromkeys([*why, *notes[:1]])), cause=self.cause)
        return found

    def _refuted(self, crash: Crash) -> Benchmark:
        """What is to be told of a script that fails when edited: no speed, only the runs."""
        found = summarize(self.unit, self.pairs, FALSE_POSITIVES, self.min_speedup, self.length)
        return replace(
            found,
            speedup=None,
            steady_state_speedup=None,
            end_to_end_speedup=None,
            cold_start_seconds=None,
            break_even_units=None,
            whole_script=False,
            verdict="inconclusive",
            reason=f"the edited script {crash.error}, and the script as it stands does not",
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
        turns=tuple((turn.units, turn.seconds) for turn in group.turns),
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
    # Asked by turn-taking, which knows no names: the edited arm is the second, as _arms lists them.
    names = (EAGER, EDITED, TWIN)[: len(turns[0].seconds)]
    return pseudomedian_error(_log_ratios(names, turns)) <= PRECISION


def _has_room(wanted: int) -> bool:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return wanted <= int(line.split()[1]) * 1024
    return True


def _usable(pairs: Sequence[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair.ratio is not None]


def summarize(
    unit: Edit, pairs: Sequence[Pair], alpha: float, min_speedup: float, length: int | None = None
) -> Benchmark:
    """What the groups say together, with an interval at confidence 1 - ``alpha``: all of it from the pairs.

    ``length`` is the number of units of the whole script, where known.
    """
    usable = _usable(pairs)
    own = [pair.eager_ratio for pair in pairs if pair.eager_ratio is not None]
    floor = noise_floor([math.log(ratio) for ratio in own]) if own else None
    logs, slow_turns = _steady_logs(usable)
    speedup = ratio_interval(logs, alpha) if len(logs) > 1 else None
    verdict, reason = decide(speedup, floor, min_speedup)
    if slow_turns:
        reason += "; slow turns that come again and again are counted in"
    cold, eager_unit, edited_unit = _cold_start(usable, slow_turns)
    break_even = None
    if verdict == "faster" and cold is not None and eager_unit > edited_unit:
        break_even = max(0, math.ceil(cold / (eager_unit - edited_unit)))
    end_to_end, whole = _end_to_end(pairs, length)
    over_all = _end_to_end_interval(usable, length, alpha) if length is not None else None
    if verdict == "faster" and over_all is not None and over_all.high < 1:
        verdict = "slower" if over_all.high * max(floor or 1.0, min_speedup) < 1 else "no difference"
        reason = (
            f"each unit is faster ({reason}), but the script's own {length:,} units do not win back what the edited "
            f"one pays once: {over_all.median:.2f}x end to end, {over_all.low:.3g} to {over_all.high:.3g}"
        )
    elif verdict == "faster" and over_all is not None and over_all.low < 1:
        reason += (
            f"; over the script's own {length:,} units, what the edited one pays once may not be won back: "
            f"{over_all.low:.3g} to {over_all.high:.3g} end to end"
        )
    return Benchmark(
        unit=unit.candidate,
        units=sum(units for pair in pairs for units, _ in pair.turns),
        pairs=tuple(pairs),
        speedup=speedup,
        noise_floor=floor,
        steady_state_speedup=math.exp(median(logs)) if logs else None,
        end_to_end_speedup=end_to_end,
        cold_start_seconds=cold,
        break_even_units=break_even,
        whole_script=whole,
        verdict=verdict,
        script_units=length,
        peak_rss_bytes=_peaks(pairs, lambda pair: pair.peak_rss_bytes),
        peak_device_bytes=_peaks(pairs, lambda pair: pair.peak_device_bytes),
        reason=reason,
    )


def decide(speedup: Interval | None, floor: float | None, min_speedup: float) -> tuple[str, str]:
    """The verdict on a speedup, and what it rests on. ``floor`` and ``min_speedup`` are ratios (1.05: 5%)."""
    if speedup is None:
        return "inconclusive", "an interval needs two complete groups"
    if floor is None:
        return "inconclusive", "two eager processes could not be compared, so the noise is unknown"
    least = max(floor, min_speedup)
    inside = f"the interval {speedup.low:.3g} to {speedup.high:.3g}"
    if speedup.low > least:
        return "faster", f"{inside} lies above {least:.3g}"
    if speedup.high < 1 / floor:
        return "slower", f"{inside} lies below {1 / floor:.3g}"
    if speedup.high < least and speedup.low > 1 / least:
        return "no difference", f"{inside} lies within {1 / least:.3g} to {least:.3g}"
    return "inconclusive", f"{inside} does not clear {least:.3g}"


def _steady_logs(pairs: Sequence[Pair]) -> tuple[list[float], bool]:
    """The groups' log ratios, and whether slow turns had to be counted in.

    The pseudomedian of the turns is robust, and so all but blind to what happens in few of them: a retrace in
    every fifth turn, or an evaluation that takes as long in both arms. Where the totals tell of a clearly
    smaller gain in every group, they are the statistic.
    """
    logs = [math.log(pair.ratio) for pair in pairs if pair.ratio is not None]
    totals = [_total_log(pair) for pair in pairs]
    lost = [log - total for log, total in zip(logs, totals, strict=True)]
    slow = bool(lost) and fmean(lost) > math.log(SLOW_TURNS_MEAN) and min(lost) > math.log(SLOW_TURNS_EACH)
    return (totals, True) if slow else (logs, False)


def _steady(pair: Pair) -> Sequence[tuple[int, tuple[float, ...]]]:
    return pair.turns[pair.warm_turns : len(pair.turns) - (1 if pair.whole else 0)]


def _unit_seconds(pair: Pair, position: int) -> tuple[list[float], list[int]]:
    """Each steady turn's seconds per unit of one arm, and the turns that are not among its slowest."""
    seconds = [turn[position] / units for units, turn in _steady(pair)]
    return seconds, without_slowest(seconds)


def _total_log(pair: Pair) -> float:
    """Log ratio of the seconds per unit over all steady turns but each arm's slowest tenth."""
    rates = []
    for position in range(len(pair.arms)):
        seconds, kept = _unit_seconds(pair, position)
        rates.append(fmean(seconds[turn] for turn in kept))
    edited = rates.pop(pair.arms.index(EDITED))
    return mean_log(rates) - math.log(edited)


def _cold_start(pairs: Sequence[Pair], slow_turns: bool) -> tuple[float | None, float, float]:
    """What the edited arm pays once, more than the eager ones, and the seconds per unit of both (medians).

    Once is paid what the first turns, and the slowest later ones, took beyond the steady state's time. The
    start-ups differ by more than a trace costs from one process to the next; their difference is counted
    only where it is larger than any between two eager processes.
    """
    costs, eager_units, edited_units, starts, noise = [], [], [], [], [0.0]
    for pair in pairs:
        once, rates = [], []
        for position in range(len(pair.arms)):
            seconds, kept = _unit_seconds(pair, position)
            rate = fmean(seconds[turn] for turn in kept) if slow_turns else median(seconds)
            units = [count for count, _ in _steady(pair)]
            slowest = sum((seconds[at] - rate) * units[at] for at in range(len(units)) if at not in kept)
            warm = sum(turn[position] - count * rate for count, turn in pair.turns[: pair.warm_turns])
            once.append(warm + slowest)
            rates.append(rate)
        edited = pair.arms.index(EDITED)
        edited_units.append(rates.pop(edited))
        edited_once = once.pop(edited)
        eager_units.append(fmean(rates))
        costs.append(edited_once - fmean(once))
        startups = list(pair.startup_seconds)
        starts.append(startups.pop(edited) - fmean(startups))
        noise.append(max(startups) - min(startups))
    if not costs:
        return None, 0.0, 0.0
    start = median(starts)
    cost = median(costs) + (start if abs(start) > max(noise) else 0.0)
    return cost, median(eager_units), median(edited_units)


def _end_to_end(pairs: Sequence[Pair], length: int | None) -> tuple[float | None, bool]:
    """Ratio of all the time of the arms' own turns, and whether those were the whole script.

    Where they were not and the script's length is known, the units left are reckoned at the steady rates.
    """
    compared = [pair for pair in pairs if EDITED in pair.arms and EAGER in pair.arms]
    whole = [pair for pair in compared if pair.whole]
    steady = _usable(compared)
    if not whole and steady and length is not None:
        seconds = [(pair.arms, _extrapolate(pair, length)) for pair in steady]
    else:
        # The first turns alone are traces and warming up: a ratio of them tells nothing of the script.
        seconds = [(pair.arms, list(pair.total_seconds)) for pair in whole or steady]
    ratios = []
    for arms, totals in seconds:
        edited = totals.pop(arms.index(EDITED))
        ratios.append(mean_log(totals) - math.log(edited))
    return (math.exp(median(ratios)), bool(whole)) if ratios else (None, False)


def _end_to_end_interval(pairs: Sequence[Pair], length: int, alpha: float) -> Interval | None:
    """The ratio of the time for the whole script, with its interval over groups; of whole runs as it was measured."""
    logs = []
    for pair in pairs:
        totals = list(pair.total_seconds) if pair.whole else _extrapolate(pair, length)
        edited = totals.pop(pair.arms.index(EDITED))
        logs.append(mean_log(totals) - math.log(edited))
    return ratio_interval(logs, alpha) if len(logs) > 1 else None


def _extrapolate(pair: Pair, length: int) -> list[float]:
    """The seconds that each arm would take for a script of ``length`` units."""
    left = max(0, length - sum(units for units, _ in pair.turns))
    totals = []
    for position, total in enumerate(pair.total_seconds):
        seconds, kept = _unit_seconds(pair, position)
        totals.append(total + left * fmean(seconds[turn] for turn in kept))
    return totals


def _peaks(pairs: Sequence[Pair], bytes_of: Callable[[Pair], Sequence[int]]) -> tuple[int, int] | None:
    """The largest peak memory of the eager arms and of the edited one, in bytes; None where none was measured."""
    peaks = [peak for pair in pairs for peak in zip(pair.arms, bytes_of(pair), strict=True) if peak[1]]
    eager = [peak for name, peak in peaks if name != EDITED]
    edited = [peak for name, peak in peaks if name == EDITED]
    return (max(eager), max(edited)) if eager and edited else None
