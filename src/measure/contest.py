"""The comparison of variants: eager and a few plans take turns, and the fastest for the whole training wins.

One group of processes (see ``turns``) usually decides. Two processes of one script differ by a few per cent, and a
variant that is faster by no more than that is not worth its complexity. If it is undecided whether a variant beats the
plainest, these two are timed again in new processes, without eager, whose turns take most of the time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from ..records import Edit, EditedFile, Target
from .benchmark import Cover, Start, job_of
from .seats import LEAST_TURNS, Arm, Group, Process, Schedule, Turn
from .statistics import pseudomedian, pseudomedian_error, without_slowest
from .summary import EAGER
from .turns import run_group

#: The standard deviation of the log ratio of two processes of one script that take turns.
PROCESS_SD = 0.045
#: A variant must be faster than the plainest one by this many standard deviations, over the whole training.
MARGIN_SDS = 2
#: The 95% quantile of the normal distribution, in standard deviations: exceeded by chance in one of twenty cases.
ONE_SIDED = 1.645
#: Entrants within this ratio of the fastest count as equally fast. The plainest of them is taken.
TIE = 1.05
TURNS = 12
#: The most turns of a second race of two. It goes on while the standard error of the turns exceeds QUIET.
MOST_TURNS = 48
QUIET = 0.015


@dataclass(frozen=True)
class Entrant:
    """A plan in the comparison: its name, the edited files, and its rank (the plainest has rank 0).

    A ``dear`` plan (compiled by XLA) must also be clearly faster in each unit, not only in its one-time cost.
    """

    name: str
    files: Sequence[EditedFile]
    rank: int
    dear: bool = False


@dataclass(frozen=True)
class Standing:
    """The result of an arm: its seconds per unit in the steady state, and its one-time cost in addition."""

    unit_seconds: float
    once_seconds: float

    def total(self, units: int) -> float:
        """The seconds of ``units`` units."""
        return self.once_seconds + units * self.unit_seconds


@dataclass(frozen=True)
class Choice:
    """The winner (the name of an entrant, or "eager"), and the evidence as a sentence."""

    winner: str
    reason: str


def run_contest(
    target: Target,
    unit: Edit,
    eager_unit_line: int,
    entrants: Sequence[Entrant],
    folder: Path,
    start: Start,
    *,
    deadline: float,
    steps: int | None,
    length: int | None,
    again: bool = False,
    covers: Sequence[Cover] = (),
    room: Callable[[int], bool] = lambda _bytes: True,
    clock: Callable[[], float] = time.monotonic,
) -> Group:
    """Let eager and the entrants take turns, once, until ``deadline`` (seconds of ``clock``) at the latest.

    ``unit`` names the function whose call is a unit, and ``eager_unit_line`` the line of its ``def`` in the original
    file. ``length`` is the number of units of the whole script, if known. If ``room`` says that memory is short, the
    last entrants are left out. ``again`` says that these are the two of ``undecided``: they run without eager, for more
    turns. Calls inside one of ``covers`` are not units.
    """
    runs: list[tuple[str, Sequence[EditedFile]]] = [] if again else [(EAGER, ())]
    runs += [(entrant.name, entrant.files) for entrant in entrants]
    arms = [Arm(name, job_of(unit, eager_unit_line, files, (), covers), files) for name, files in runs]

    def begin(arm: Arm) -> Process:
        return start(target, arm.job, arm.files, folder, f"race-{arm.name.replace(' ', '-')}")

    schedule = Schedule(
        deadline=deadline,
        soft_deadline=deadline,
        turns=TURNS,
        most_turns=MOST_TURNS if again else TURNS,
        enough=lambda turns: pseudomedian_error([_log_ratio(turn, 0, 1) for turn in turns]) < QUIET,
        steps=steps,
        length=length,
        offset=int(again),
        room=room,
    )
    return run_group(arms, begin, schedule, clock)


def _log_ratio(turn: Turn, one: int, other: int) -> float:
    return math.log(turn.seconds[one] / turn.seconds[other])


def standings(groups: Sequence[Group]) -> dict[str, Standing]:
    """The average result of each arm over its groups; empty if there were too few turns.

    A rate is the mean of the steady turns except the slowest tenth, so that repeated traces count, and a single
    disturbance does not.
    """
    found: dict[str, list[Standing]] = {}
    for group in groups:
        if not _tells(group):
            continue
        for position, name in enumerate(group.arms):
            seconds = [turn.seconds[position] / turn.units for turn in group.steady]
            rate = fmean(seconds[at] for at in without_slowest(seconds))
            warm = sum(turn.seconds[position] - turn.units * rate for turn in group.turns if turn.warm)
            found.setdefault(name, []).append(Standing(rate, max(0.0, warm)))
    return {
        name: Standing(fmean(one.unit_seconds for one in each), fmean(one.once_seconds for one in each))
        for name, each in found.items()
    }


def _tells(group: Group) -> bool:
    return group.failed is None and len(group.steady) >= LEAST_TURNS


def choose(
    groups: Sequence[Group], entrants: Sequence[Entrant], units: int, length: str, unit: str = "step"
) -> Choice:
    """The winner for a training of ``units`` units (``length`` says how that number is known).

    The first of ``groups`` has all entrants, a second one has two. The plainest entrant wins if no other is faster by
    more than the noise. Eager wins if no entrant is faster over the whole training.
    """
    plainest = _plainest(entrants)
    found = standings(groups)
    if plainest.name not in found or EAGER not in found:
        why = groups[0].reason or f"{len(groups[0].steady)} turns are too few"
        return Choice(plainest.name, f"the comparison of variants was not decided ({why}), so the plainest was chosen")
    totals = {name: standing.total(units) for name, standing in found.items()}
    faster = [e for e in entrants if e.name in found and e is not plainest and _beats(groups, e, plainest, totals)]
    winner = plainest
    if faster:
        best = min(totals[entrant.name] for entrant in faster)
        winner = min((e for e in faster if totals[e.name] <= TIE * best), key=lambda entrant: entrant.rank)
    said = _describe(groups, found, totals, length, unit)
    if totals[EAGER] * TIE < totals[winner.name]:
        return Choice(EAGER, f"eager is faster over the whole training: {said}")
    if winner is plainest:
        return Choice(winner.name, f"no variant is faster by more than the noise: {said}")
    return Choice(winner.name, f"it was the fastest variant: {said}")


def undecided(group: Group, entrants: Sequence[Entrant], units: int) -> tuple[Entrant, Entrant] | None:
    """The plainest entrant and one that may beat it, if the first group left that open."""
    plainest = _plainest(entrants)
    totals = {name: standing.total(units) for name, standing in standings([group]).items()}
    rivals = [e for e in entrants if e is not plainest and {e.name, plainest.name} <= totals.keys()]
    if any(_beats([group], rival, plainest, totals) for rival in rivals):
        return None
    close = [rival for rival in rivals if _beats([group], rival, plainest, totals, noise=0.0)]
    rival = min(close, key=lambda entrant: totals[entrant.name], default=None)
    return None if rival is None else (plainest, rival)


def _plainest(entrants: Sequence[Entrant]) -> Entrant:
    return min(entrants, key=lambda entrant: entrant.rank)


def _beats(
    groups: Sequence[Group], entrant: Entrant, plainest: Entrant, totals: dict[str, float], noise: float = ONE_SIDED
) -> bool:
    """Whether an entrant is faster than the plainest by more than ``noise`` standard errors, and by enough."""
    gains, errors = [], []
    for group in groups:
        if not _tells(group) or not {entrant.name, plainest.name} <= set(group.arms):
            continue
        one, other = group.arms.index(plainest.name), group.arms.index(entrant.name)
        logs = [_log_ratio(turn, one, other) for turn in group.steady]
        gains.append(pseudomedian(logs))
        errors.append(math.hypot(PROCESS_SD, pseudomedian_error(logs)))
    gain, error = fmean(gains), noise * math.hypot(*errors) / len(errors)
    saved = math.log(totals[plainest.name] / totals[entrant.name])
    if entrant.dear:
        # A compiled variant must be clearly faster in each unit, and at least as fast over the whole training. This
        # script may be a trial of a longer training, which will gain.
        return saved >= 0 and gain > max(error, math.log(TIE))
    # A lower one-time cost may decide, as long as the units are not slower.
    margin = MARGIN_SDS * PROCESS_SD / math.sqrt(len(gains)) if noise else math.log(TIE)
    return saved >= margin and gain > -error


def _describe(
    groups: Sequence[Group], found: dict[str, Standing], totals: dict[str, float], length: str, unit: str
) -> str:
    parts = [
        f"{name} {found[name].unit_seconds * 1e3:.3g} ms per {unit} and {found[name].once_seconds:.1f} s once, "
        f"{totals[name]:.1f} s in all"
        for name in sorted(found, key=lambda name: totals[name])
    ]
    raced, turns = sum(group.units for group in groups), sum(len(group.steady) for group in groups)
    again = "; two of them twice" if len(groups) > 1 else ""
    return f"{'; '.join(parts)} (for {length}; {raced:,} {unit}s timed in {turns} turns{again})"
