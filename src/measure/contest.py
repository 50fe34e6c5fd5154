"""A race of the ways to convert: eager and a few plans take turns, and the fastest for the whole training wins.

One group of processes (see ``turns``) is enough to tell what is told here: two processes of one script differ by
a few per cent, and a variant that wins by no more than that is not worth its being less plain.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from ..records import Edit, EditedFile, Target
from .benchmark import EAGER, Start
from .statistics import pseudomedian, pseudomedian_error, without_slowest
from .turns import LEAST_TURNS, Arm, Group, Process, Schedule, run_group

#: What the log ratio of two processes of one script that take turns varies by (its standard deviation).
PROCESS_SD = 0.045
#: A variant must be faster than the plainest one by more than two such deviations, over the whole training.
MARGIN = math.exp(2 * PROCESS_SD)
#: So many standard deviations are exceeded by chance in one of twenty cases (the normal distribution's 95% quantile).
ONE_SIDED = 1.645
#: Entrants that are within this of the fastest are as fast, and the plainest of them is taken.
TIE = 1.05
TURNS = 12


@dataclass(frozen=True)
class Entrant:
    """A plan in the race: its name, the edited files, and how plain it is (the plainest has rank 0).

    A ``dear`` one (compiled by XLA) must be clearly faster in each unit as well, not only by what it pays once.
    """

    name: str
    files: Sequence[EditedFile]
    rank: int
    dear: bool = False


@dataclass(frozen=True)
class Standing:
    """How an arm did: its seconds per unit in the steady state, and what it paid once, beyond those."""

    unit_seconds: float
    once_seconds: float

    def total(self, units: int) -> float:
        """The seconds of so many units."""
        return self.once_seconds + units * self.unit_seconds


@dataclass(frozen=True)
class Choice:
    """Who won (the name of an entrant, or "eager"), and what that rests on, as a sentence."""

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
    room: Callable[[int], bool] = lambda _bytes: True,
    clock: Callable[[], float] = time.monotonic,
) -> Group:
    """Let eager and the entrants take turns, once, until ``deadline`` (seconds of ``clock``) at the latest.

    ``unit`` names the function of which a call is a unit, ``eager_unit_line`` the line of its ``def`` in the
    file as it stands; ``length`` is the number of units of the whole script, where known. Where ``room`` says
    that memory is short, the last entrants are left out.
    """
    arms = [_arm(EAGER, unit, eager_unit_line, ())]
    arms += [_arm(entrant.name, unit, eager_unit_line, entrant.files) for entrant in entrants]

    def begin(arm: Arm) -> Process:
        return start(target, arm.job, arm.files, folder, f"race-{arm.name.replace(' ', '-')}")

    schedule = Schedule(
        deadline=deadline,
        soft_deadline=deadline,
        turns=TURNS,
        most_turns=TURNS,
        steps=steps,
        length=length,
        room=room,
    )
    return run_group(arms, begin, schedule, clock)


def _arm(name: str, unit: Edit, eager_line: int, files: Sequence[EditedFile]) -> Arm:
    line = eager_line
    for edited in files:
        if edited.file == unit.file:
            line = edited.def_lines.get(unit.candidate, edited.line_map[eager_line - 1])
    job: dict[str, Any] = {
        "role": "timed",
        "unit": {"file": unit.file, "line": line, "id": unit.candidate},
        "edited": sorted(candidate for edited in files for candidate in edited.def_lines),
    }
    return Arm(name, job, files)


def standings(group: Group) -> dict[str, Standing]:
    """How each arm did; empty where the turns are too few to tell.

    A rate is the mean of the steady turns but the slowest tenth of them, so that traces which come again and
    again count, and a single hiccup of the machine does not.
    """
    steady = group.steady
    if group.failed is not None or len(steady) < LEAST_TURNS:
        return {}
    found = {}
    for position, name in enumerate(group.arms):
        seconds = [turn.seconds[position] / turn.units for turn in steady]
        rate = fmean(seconds[at] for at in without_slowest(seconds))
        warm = sum(turn.seconds[position] - turn.units * rate for turn in group.turns if turn.warm)
        found[name] = Standing(rate, max(0.0, warm))
    return found


def choose(group: Group, entrants: Sequence[Entrant], units: int, length: str) -> Choice:
    """The winner of a race for a training of ``units`` units (``length`` says whence that is known).

    The plainest entrant wins where no other is faster by more than the noise; eager, where none is faster than
    it over the whole training.
    """
    plainest = min(entrants, key=lambda entrant: entrant.rank)
    found = standings(group)
    if plainest.name not in found or EAGER not in found:
        why = group.reason or f"{len(group.steady)} turns are too few"
        return Choice(plainest.name, f"the race was not decided ({why}), so the plainest was taken")
    totals = {name: standing.total(units) for name, standing in found.items()}
    faster = [e for e in entrants if e.name in found and e is not plainest and _beats(group, e, plainest, totals)]
    winner = plainest
    if faster:
        best = min(totals[entrant.name] for entrant in faster)
        winner = min((e for e in faster if totals[e.name] <= TIE * best), key=lambda entrant: entrant.rank)
    said = _describe(group, found, totals, length)
    if totals[EAGER] * TIE < totals[winner.name]:
        return Choice(EAGER, f"eager is faster over the whole training: {said}")
    if winner is plainest:
        return Choice(winner.name, f"no variant beats it by more than the noise: {said}")
    return Choice(winner.name, f"it won a race: {said}")


def _beats(group: Group, entrant: Entrant, plainest: Entrant, totals: dict[str, float]) -> bool:
    one, other = group.arms.index(plainest.name), group.arms.index(entrant.name)
    logs = [math.log(turn.seconds[one] / turn.seconds[other]) for turn in group.steady]
    error = ONE_SIDED * math.hypot(PROCESS_SD, pseudomedian_error(logs))
    gain = pseudomedian(logs)
    if not entrant.dear:
        # What is paid once may decide for a plainer graph, as long as its units are no slower.
        return totals[plainest.name] >= MARGIN * totals[entrant.name] and gain > -error
    # A compiled one must be clearly faster in each unit, and at least as fast over the whole training: a longer one,
    # of which this may be a trial, will gain.
    return totals[plainest.name] >= totals[entrant.name] and gain > error + math.log(TIE)


def _describe(group: Group, found: dict[str, Standing], totals: dict[str, float], length: str) -> str:
    parts = [
        f"{name} {found[name].unit_seconds * 1e3:.3g} ms a unit and {found[name].once_seconds:.1f} s once, "
        f"{totals[name]:.1f} s in all"
        for name in sorted(found, key=lambda name: totals[name])
    ]
    return f"{'; '.join(parts)} (for {length}; {group.units:,} units raced in {len(group.steady)} turns)"
