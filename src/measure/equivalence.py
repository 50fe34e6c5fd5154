"""The comparison of final results over several seeds (level L3).

Each seed gives a pair of runs. Their final numbers are compared seed by seed, with two one-sided tests; docs/drift.md
explains the method.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from ..options import LEAST_SEEDS
from ..records import Drift, Metric
from .drift import MOST_METRICS, is_borderline
from .lines import find_numbers, is_integral, is_timed, parse_number, place_of, read_lines
from .noise import LATE_FACTOR, POWERLESS_PRINTED, ROUNDING, State
from .statistics import check_equivalence, least_deviation

#: If the spread of the seeds is this share of a number's value, a difference within the spread proves nothing.
VAGUE = 0.5
#: The share of the units, at the end, over which the unit's results are averaged.
LAST_SHARE = 0.1

#: The probability of calling different results equivalent. Half of it is for the margin, half for the mean difference
#: (Bonferroni, since both are estimated from the same runs).
FALSE_EQUIVALENCE = 0.05

# The identity of a number: its source, its line or name, and its position there.
Key = tuple[str, str, int]


@dataclass(frozen=True)
class Final:
    """The final value of a number (None if not finite), and the precision of its rounding or printing. ``integral``
    values are exact."""

    name: str
    value: float | None
    slack: float
    integral: bool = False


@dataclass(frozen=True)
class Ended:
    """The results of a run: its printed lines, the scalar results of the latest units, and what Keras recorded.

    ``units`` counts all units, of which ``scalars`` has the last ones. ``complete`` says that the run reached its end.
    """

    lines: Sequence[str] = ()
    units: int = 0
    scalars: Sequence[Sequence[float | None]] = ()
    recorded: Mapping[str, float | None] | None = None
    complete: bool = True


@dataclass(frozen=True)
class SeedPair:
    """The original and the edited script, run with one seed."""

    seed: int
    eager: Ended
    edited: Ended


@dataclass(frozen=True)
class References:
    """Two more runs of the original script, with one of the seeds.

    The variables of the ``nudged`` run were moved by a rounding error after the first unit; those of the ``twin`` were
    not.
    """

    seed: int
    nudged: Ended
    twin: Ended


@dataclass(frozen=True)
class _Compared:
    """The comparison of one number over all seeds. Its name and ``detail`` form a sentence.

    ``evidence`` is false if the number agrees but proves nothing, such as the number of the last epoch.
    """

    state: State
    detail: str
    metric: Metric
    evidence: bool = True


def final_numbers(run: Ended, metrics: Sequence[tuple[str, str]] = ()) -> dict[Key, Final]:
    """The final numbers of a run.

    These are: for each scalar result of the unit, the mean over the last tenth of the units; for each number on a
    printed line, its last value, keyed by the rest of the line; the last match of each of ``metrics`` ((name, regular
    expression)); and what Keras recorded. Numbers named as times are left out.
    """
    found: dict[Key, Final] = {}
    last = run.scalars[-max(1, math.ceil(LAST_SHARE * run.units)) :]
    width = min((len(row) for row in last), default=0)
    for position in range(width):
        name = f"result {position + 1} of the step" if width > 1 else "the result of the step"
        column = [row[position] for row in last]
        finite = [value for value in column if value is not None and math.isfinite(value)]
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


def compare_seeds(
    pairs: Sequence[SeedPair],
    wanted: int,
    *,
    references: References | None = None,
    metrics: Sequence[tuple[str, str]] = (),
    stopped: str = "",
) -> Drift:
    """Compare the final results over all seeds: the verdict of level L3.

    ``wanted`` is the requested number of seeds, and ``stopped`` says why there are fewer. Without ``references`` a
    number that differs is *inconclusive*, because nothing shows whether that is rounding or a duration (see
    `needs_references`).
    """
    compared = _compare_all(pairs, references, metrics)
    by_state = {state: [each for each in compared if each.state is state and each.evidence] for state in State}
    drifting, undecided = by_state[State.DRIFT], by_state[State.UNEXPLAINED]
    agreeing, powerless = by_state[State.AGREES], by_state[State.POWERLESS]
    seeds = f"over {len(pairs)} of {wanted} seeds" if len(pairs) < wanted else f"over {len(pairs)} seeds"
    seeds = seeds.removesuffix("s") if wanted == 1 else seeds
    if len(pairs) < LEAST_SEEDS:
        verdict = "inconclusive"
        why = stopped or "ask for more with --drift-runs"
        reason = f"{seeds}, but at least {LEAST_SEEDS} are needed: {why}"
    elif drifting:
        verdict, reason = "drift", f"{seeds}, {_sentence(drifting)}"
    elif undecided:
        verdict, reason = "inconclusive", f"{seeds}, {_sentence(undecided)}"
        if agreeing:
            reason += f"; {len(agreeing)} other final {_numbers(len(agreeing))} equivalent"
    elif agreeing:
        verdict = "none"
        units = min(min(pair.eager.units, pair.edited.units) for pair in pairs)
        reason = f"{seeds}, {len(agreeing)} final {_numbers(len(agreeing))} equivalent after {units:,} steps"
        if not all(pair.eager.complete for pair in pairs):
            reason += ", before the script's end"
    else:
        verdict = "inconclusive"
        reason = f"{seeds}, {_sentence(powerless)}" if powerless else f"{seeds}, no final number was found to compare"
    if verdict in ("none", "drift") and powerless:
        reason += f"; {len(powerless)} were ignored ({powerless[0].metric.name} {powerless[0].detail})"
    if stopped and len(pairs) >= LEAST_SEEDS:
        reason += f"; {stopped}"
    shown = [each.metric for state in by_state for each in by_state[state]]
    order = ["drift", "inconclusive", "none"]
    return Drift(verdict, "L3", reason, tuple(sorted(shown, key=lambda each: order.index(each.verdict))[:MOST_METRICS]))


def needs_references(pairs: Sequence[SeedPair], metrics: Sequence[tuple[str, str]] = ()) -> bool:
    """Whether a number differs, so that two more runs should look for another explanation."""
    return len(pairs) >= LEAST_SEEDS and any(
        each.state in (State.DRIFT, State.UNEXPLAINED) for each in _compare_all(pairs, None, metrics)
    )


def _numbers(count: int) -> str:
    return "number is" if count == 1 else "numbers are"


def _sentence(compared: Sequence[_Compared]) -> str:
    first = f"{compared[0].metric.name} {compared[0].detail}"
    return first if len(compared) == 1 else f"{first} (and {len(compared) - 1} more)"


def _compare_all(
    pairs: Sequence[SeedPair], references: References | None, metrics: Sequence[tuple[str, str]]
) -> list[_Compared]:
    eager = [final_numbers(pair.eager, metrics) for pair in pairs]
    edited = [final_numbers(pair.edited, metrics) for pair in pairs]
    keys = list(dict.fromkeys(key for numbers in eager for key in numbers))
    names = Counter(next(numbers[key] for numbers in eager if key in numbers).name for key in keys)
    compared = []
    for key in keys:
        series = _Series(key, [numbers.get(key) for numbers in eager], [numbers.get(key) for numbers in edited])
        if names[series.name] > 1 and key[1]:
            series = replace(series, suffix=f" on “{key[1][:60]}”")
        if references is not None:
            at = [pair.seed for pair in pairs].index(references.seed)
            others = [final_numbers(run, metrics).get(key) for run in (references.nudged, references.twin)]
            nudged, twin = (_gap(eager[at].get(key), other) for other in others)
            series = replace(series, moved=nudged, repeated=twin)
        compared.append(series.judge(len(keys)))
    return compared


def _gap(first: Final | None, second: Final | None) -> float:
    """The distance of two runs' numbers; infinite if only one of them is finite."""
    one, other = (final.value if final is not None else None for final in (first, second))
    if one is None or other is None:
        return 0.0 if one is other else math.inf
    return abs(one - other)


@dataclass(frozen=True)
class _Series:
    """One number over the seeds, None if a run did not show it.

    ``moved`` is the effect of rounding on it in the nudged run, and ``repeated`` its difference in a second run with
    the same seed; None if there were no such runs.
    """

    key: Key
    eager: Sequence[Final | None]
    edited: Sequence[Final | None]
    moved: float | None = None
    repeated: float | None = None
    suffix: str = ""

    @property
    def name(self) -> str:
        return next(final.name for final in self.eager if final is not None) + self.suffix

    def judge(self, comparisons: int) -> _Compared:
        both = [(one, other) for one, other in zip(self.eager, self.edited, strict=True) if one and other]
        # Records of Keras are read from live objects. A graph may change which of these are still alive.
        shown = self.key[0] != "keras"
        if shown and all(self.eager) and not any(self.edited):
            return self._told(State.DRIFT, "is missing in all edited runs", [])
        values = [(one.value, other.value) for one, other in both if one.value is not None and other.value is not None]
        lost = sum(one.value is not None and other.value is None for one, other in both)
        if lost and all(one.value is not None for one, _ in both):
            state = State.DRIFT if self.moved is not None and math.isfinite(self.moved) else State.UNEXPLAINED
            said = f"is not finite in {lost} of {len(both)} edited runs, and finite in all original runs"
            return self._told(state, said, values)
        if len(values) < LEAST_SEEDS:
            state = State.UNEXPLAINED if shown and all(self.eager) and values else State.POWERLESS
            return self._told(state, f"is a number with only {len(values)} seeds", values)
        finals = [final for pair in both for final in pair]
        slack = max(final.slack for final in finals)
        spread = stdev(one for one, _ in values)
        if spread <= slack:
            return self._judge_exactly(values, slack, all(final.integral for final in finals))
        return self._judge_statistically(values, spread, slack, comparisons)

    def _judge_exactly(self, values: Sequence[tuple[float, float]], slack: float, integral: bool) -> _Compared:
        """The test if all seeds end with one number: the edited script must end with the same number."""
        furthest = max(values, key=lambda pair: abs(pair[1] - pair[0]))
        gap = abs(furthest[1] - furthest[0])
        if gap <= slack:
            said = "is the same with every seed, original and edited"
            return self._told(State.AGREES, said, values, slack, evidence=not integral)
        parted = f"is {furthest[1]:.7g}, original {furthest[0]:.7g} with every seed"
        if is_borderline(self.name, *furthest, gap):
            return self._told(State.POWERLESS, "differs by a few samples near a decision boundary", values, slack)
        return self._excused(State.DRIFT, parted, values, slack, slack + LATE_FACTOR * (self.moved or 0.0) >= gap)

    def _judge_statistically(
        self, values: Sequence[tuple[float, float]], spread: float, slack: float, comparisons: int
    ) -> _Compared:
        """The test if the number depends on the seed.

        The margin is the lower confidence limit of the spread of the seeds. A shift counts as drift from the observed
        ``spread`` on, because a correct edit shifts nothing.
        """
        differences = [other - one for one, other in values]
        margin = max(slack, least_deviation(spread, len(values) - 1, FALSE_EQUIVALENCE / 2))
        found = check_equivalence(differences, margin, FALSE_EQUIVALENCE / 2)
        beyond = check_equivalence(differences, spread, comparisons=comparisons)
        numbers = f"by {fmean(differences):.3g} (95% interval {found.low:.3g} to {found.high:.3g})"
        bounds = found.low, found.high
        value = abs(fmean(one for one, _ in values))
        if found.equivalent and margin >= VAGUE * value:
            said = f"is {value:.3g}, and the seeds spread by at least {margin:.3g}, so it shows nothing"
            return self._told(State.POWERLESS, said, values, margin, bounds)
        if found.equivalent:
            said = f"differs {numbers}, within the spread of the seeds (at least {margin:.3g})"
            return self._told(State.AGREES, said, values, margin, bounds)
        if beyond.different:
            said = f"differs {numbers}, by more than the spread of the seeds ({spread:.3g})"
            return self._excused(State.DRIFT, said, values, spread, False, bounds)
        said = (
            f"differs {numbers}: too few seeds to tell whether that is within the spread of the seeds "
            f"({spread:.3g} here, at least {margin:.3g})"
        )
        return self._excused(State.UNEXPLAINED, said, values, margin, False, bounds)

    def _excused(
        self,
        state: State,
        said: str,
        values: Sequence[tuple[float, float]],
        margin: float,
        rounding: bool,
        bounds: tuple[float, float] | None = None,
    ) -> _Compared:
        """``state``, unless something other than the edit explains it, or no run has tested that."""
        if self.moved is None or self.repeated is None:
            if state is State.DRIFT:
                said += "; there was no time to tell whether that is rounding, or a duration"
            return self._told(State.UNEXPLAINED, said, values, margin, bounds)
        scale = max(abs(value) for pair in values for value in pair)
        if self.key[0] in ("printed", "metric") and self.repeated > POWERLESS_PRINTED * scale:
            said = f"differs by {self.repeated:.2g} between two runs of the original script with one seed"
            return self._told(State.POWERLESS, said, values, margin, bounds)
        if rounding:
            said = f"changes by {self.moved:.2g} with one rounding error, and does not change with the seed"
            return self._told(State.POWERLESS, said, values, margin, bounds)
        return self._told(state, said, values, margin, bounds)

    def _told(
        self,
        state: State,
        detail: str,
        values: Sequence[tuple[float, float]],
        margin: float | None = None,
        bounds: tuple[float, float] | None = None,
        evidence: bool = True,
    ) -> _Compared:
        before = fmean(one for one, _ in values) if values else None
        after = fmean(other for _, other in values) if values else None
        difference = None if before is None or after is None else after - before
        low, high = bounds if bounds is not None else (None, None)
        verdict = state.value.partition(",")[0]
        source = self.key[0]
        metric = Metric(
            self.name, source, before, after, difference, margin, verdict, low, high, seeds=len(values)
        )
        return _Compared(state, detail, metric, evidence)
