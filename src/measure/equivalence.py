"""Whether the edited script ends where the script as it stands does, over several seeds (level L3).

Each seed gives a pair of runs. The numbers that they end with are compared seed by seed, by two one-sided tests;
docs/measuring.md tells how and why.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from beartype import beartype

from ..records import Drift, Metric
from .drift import MOST_METRICS, is_borderline
from .lines import find_numbers, is_integral, is_timed, parse_number, place_of, read_lines
from .noise import LATE_FACTOR, POWERLESS_PRINTED, ROUNDING, State
from .statistics import check_equivalence

#: With fewer seeds than this the spread of the eager runs is not known well enough to tell anything.
LEAST_SEEDS = 3
#: Of the units' own results, the mean over this share of the units counts, the last ones.
LAST_SHARE = 0.1

# What identifies a number: its source, the line that it stands on or its name, and its position there.
Key = tuple[str, str, int]


@dataclass(frozen=True)
class Final:
    """What a number ended with: its value (None where not finite), and what rounding or printing does to it.

    ``integral`` ones are exact.
    """

    name: str
    value: float | None
    slack: float
    integral: bool = False


@dataclass(frozen=True)
class Ended:
    """What a run has left: its printed lines, the latest units' scalar results, what Keras recorded.

    ``units`` counts all units, of which ``scalars`` has the last ones; ``complete``: it came to its own end.
    """

    lines: Sequence[str] = ()
    units: int = 0
    scalars: Sequence[Sequence[float | None]] = ()
    recorded: Mapping[str, float | None] | None = None
    complete: bool = True


@dataclass(frozen=True)
class SeedPair:
    """The script as it stands and as edited, run with one seed."""

    seed: int
    eager: Ended
    edited: Ended


@dataclass(frozen=True)
class References:
    """Two more runs of the script as it stands, with one of the seeds.

    The ``nudged`` one had its variables moved by a rounding error after the first unit, the ``twin`` had not.
    """

    seed: int
    nudged: Ended
    twin: Ended


@dataclass(frozen=True)
class _Compared:
    """One number over all seeds; ``detail`` goes on where its name begins a sentence."""

    state: State
    detail: str
    metric: Metric
    evidence: bool = True


@beartype
def final_numbers(run: Ended, metrics: Sequence[tuple[str, str]] = ()) -> dict[Key, Final]:
    """The numbers that a run ends with.

    Of each scalar result of the unit the mean over the last tenth of the units; of each number on a printed line its
    last value, by what else stands on the line; the last match of each of ``metrics`` ((name, regular expression));
    and what Keras recorded. Numbers that are named as times are left out.
    """
    found: dict[Key, Final] = {}
    last = run.scalars[-max(1, math.ceil(LAST_SHARE * run.units)) :]
    width = min((len(row) for row in last), default=0)
    for position in range(width):
        name = f"result {position + 1} of the unit" if width > 1 else "the result of the unit"
        column = [row[position] for row in last]
        finite = [value for value in column if value is not None]
        found["unit", "", position] = _final(name, fmean(finite) if len(finite) == len(column) else None)
    for line in read_lines(run.lines):
        for position, number in enumerate(line.numbers):
            if not number.timed:
                name = number.label or f"a number on “{line.skeleton[:60]}”"
                final = _final(name, number.value, number.place, number.integral)
                found["printed", line.skeleton, position] = final
    for name, pattern in metrics:
        texts = find_numbers(re.compile(pattern), run.lines)
        if texts and not is_timed(name):
            final = _final(name, parse_number(texts[-1]), place_of(texts[-1]), is_integral(texts[-1]))
            found["metric", name, 0] = final
    for name, value in (run.recorded or {}).items():
        if not is_timed(name):
            found["keras", name, 0] = _final(name, value)
    return found


def _final(name: str, value: float | None, place: float = 0.0, integral: bool = False) -> Final:
    known = value if value is not None and math.isfinite(value) else None
    slack = 0.0 if integral or known is None else 1.001 * place + ROUNDING * abs(known)
    return Final(name, known, slack, integral)


@beartype
def compare_seeds(
    pairs: Sequence[SeedPair],
    wanted: int,
    *,
    references: References | None = None,
    metrics: Sequence[tuple[str, str]] = (),
    stopped: str = "",
) -> Drift:
    """Compare what the runs ended with, over all seeds: the verdict of level L3.

    ``wanted`` is the number of seeds asked for, ``stopped`` says why there are fewer. Without ``references`` a number
    that parted is *inconclusive*, for nothing tells whether it is rounding or a time (see `needs_references`).
    """
    compared = _compare_all(pairs, references, metrics)
    by_state = {state: [each for each in compared if each.state is state and each.evidence] for state in State}
    drifting, undecided = by_state[State.DRIFT], by_state[State.UNEXPLAINED]
    agreeing, powerless = by_state[State.AGREES], by_state[State.POWERLESS]
    seeds = f"over {len(pairs)} of {wanted} seeds" if len(pairs) < wanted else f"over {len(pairs)} seeds"
    seeds = seeds.removesuffix("s") if wanted == 1 else seeds
    if len(pairs) < LEAST_SEEDS:
        verdict = "inconclusive"
        why = stopped or "give more with --drift-runs"
        reason = f"{seeds}, of which it takes {LEAST_SEEDS} at least to tell anything: {why}"
    elif drifting:
        verdict, reason = "drift", f"{seeds}, {_sentence(drifting)}"
    elif undecided:
        verdict, reason = "inconclusive", f"{seeds}, {_sentence(undecided)}"
        if agreeing:
            reason += f"; {len(agreeing)} other final {_numbers(len(agreeing))} equivalent"
    elif agreeing:
        verdict = "none"
        units = min(min(pair.eager.units, pair.edited.units) for pair in pairs)
        reason = f"{seeds}, {len(agreeing)} final {_numbers(len(agreeing))} equivalent after {units:,} units"
        if not all(pair.eager.complete for pair in pairs):
            reason += ", before the script's end"
    else:
        verdict = "inconclusive"
        reason = f"{seeds}, {_sentence(powerless)}" if powerless else f"{seeds}, no final number was found to compare"
    if verdict in ("none", "drift") and powerless:
        reason += f"; {len(powerless)} are no evidence ({powerless[0].metric.name} {powerless[0].detail})"
    if stopped and len(pairs) >= LEAST_SEEDS:
        reason += f"; {stopped}"
    shown = [each.metric for state in by_state for each in by_state[state]]
    order = ["drift", "inconclusive", "none"]
    return Drift(verdict, "L3", reason, tuple(sorted(shown, key=lambda each: order.index(each.verdict))[:MOST_METRICS]))


def needs_references(pairs: Sequence[SeedPair], metrics: Sequence[tuple[str, str]] = ()) -> bool:
    """Whether a number parted by more than the seeds explain, so that it must be asked what else may explain it."""
    return any(each.state is State.UNEXPLAINED and not each.evidence for each in _compare_all(pairs, None, metrics, True))


def _numbers(count: int) -> str:
    return "number is" if count == 1 else "numbers are"


def _sentence(compared: Sequence[_Compared]) -> str:
    first = f"{compared[0].metric.name} {compared[0].detail}"
    return first if len(compared) == 1 else f"{first} (and {len(compared) - 1} more)"
