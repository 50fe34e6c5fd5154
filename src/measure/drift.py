"""Whether the edited script computes and prints what the script as it stands does.

Two right runs part ways: a graph rounds otherwise than eager code, and training amplifies it. So nothing is
compared with a fixed tolerance alone. A third run, the script as it stands with its variables moved by one
rounding error after the first unit (the *perturbed* run), shows how far rounding carries this script, unit by
unit; the edited run may go as far, times a factor. Where rounding carries it far, nothing can be told, and
nothing is: such numbers are no evidence, for or against. See docs/measuring.md.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from ..records import Drift, Metric
from .lines import Line, is_integral, is_timed, match_lines, parse_number, place_of, read_lines

# What another order of float32 operations does to the result of one unit, relative to it.
ROUNDING = 2e-5
# The edited run rounds anew in every unit, the perturbed one was moved once: so much further it may be while
# the distances are small, and so much once they have grown to a tenth.
FACTOR, LATE_FACTOR, LATE = 100.0, 10.0, 0.1
# Where rounding alone moves a number by this much of itself, comparing it tells nothing. For a printed number
# it takes less: what differs between two runs of the script as it stands may be a time, however it is named.
POWERLESS, POWERLESS_PRINTED = 0.05, 1e-3
# Without any run to tell the noise by: a jump of this size, and by this factor from one unit to the next.
JUMP, JUMP_FACTOR = 1e-3, 100.0
# Counts and shares of samples change by whole samples at a decision's border; up to this share of the range.
BORDERLINE = 0.02
_SHARES = re.compile(r"acc|precision|recall|f1|auc|iou|dice|top|correct|hit|error|score|%", re.IGNORECASE)
MOST_METRICS = 20


@dataclass(frozen=True)
class Trace:
    """What one run of the script computed and printed.

    ``scalars`` has a row per unit: the floating-point scalars that the unit function returned (None where
    not finite). ``digests`` maps a number of units done to the state of the variables then, each by name
    (with ``#k`` for the k-th of a name) as a sum, a sum of squares, and some elements. ``complete`` says
    whether the script ran to its own end; otherwise it was cut.
    """

    lines: tuple[str, ...] = ()
    units: int = 0
    scalars: tuple[tuple[float | None, ...], ...] = ()
    digests: Mapping[int, Mapping[str, Sequence[float]]] = field(default_factory=dict)
    complete: bool = True


class _State(Enum):
    AGREES = "none"
    POWERLESS = "inconclusive"
    UNEXPLAINED = "inconclusive, and different"
    DRIFT = "drift"


@dataclass(frozen=True)
class _Finding:
    """One number followed through the runs, and what is to be said of it."""

    state: _State
    source: str
    name: str
    detail: str = ""
    baseline: float | None = None
    optimized: float | None = None
    noise: float | None = None
    evidence: bool = True
    largest: float = 0.0

    def metric(self) -> Metric:
        difference = None
        if self.baseline is not None and self.optimized is not None:
            difference = self.optimized - self.baseline
        verdict = self.state.value.partition(",")[0]
        return Metric(self.name, self.source, self.baseline, self.optimized, difference, self.noise, verdict)


def compare(
    reference: Trace,
    edited: Trace,
    *,
    twin: Trace | None = None,
    perturbed: Trace | None = None,
    metrics: Sequence[tuple[str, str]] = (),
) -> Drift:
    """Compare the edited run with the reference, the script as it stands.

    ``twin`` is a second run of the script as it stands, ``perturbed`` one whose variables were moved by a
    rounding error after the first unit; all under one random stream. ``metrics`` are (name, regular
    expression) pairs, whose first group (or match) is a number on a printed line. Runs that were cut are
    compared as far as both went.
    """
    others = [trace for trace in (perturbed, twin) if trace is not None]
    findings = [*_compare_scalars(reference, edited, others), *_compare_variables(reference, edited, others)]
    findings += _compare_units(reference, edited, others)
    noise = _common_noise(findings) if others else 0.0
    printed = _compare_lines(reference, edited, others, noise)
    for name, pattern in metrics:
        printed.append(_compare_metric(name, pattern, reference, edited, others, noise))
    findings += _excuse_borderline(printed, findings)
    return _conclude(findings, reference, edited, others)


def _conclude(findings: Sequence[_Finding], reference: Trace, edited: Trace, others: Sequence[Trace]) -> Drift:
    order = {_State.DRIFT: 0, _State.UNEXPLAINED: 1, _State.AGREES: 2, _State.POWERLESS: 3}
    ranked = sorted((each for each in findings if each.evidence), key=lambda each: order[each.state])
    shown = tuple(each.metric() for each in ranked[:MOST_METRICS])
    worst = [each for each in ranked if each.state is _State.DRIFT]
    if worst:
        return Drift("drift", "L4", _sentence(worst), shown)
    unexplained = [each for each in ranked if each.state is _State.UNEXPLAINED]
    if unexplained:
        return Drift("inconclusive", "L4", _sentence(unexplained), shown)
    agreeing = [each for each in ranked if each.state is _State.AGREES]
    noisy = [each for each in ranked if each.state is _State.POWERLESS]
    if agreeing:
        return Drift("none", "L4", _agreement(agreeing, noisy, reference, edited), shown)
    if noisy:
        reason = f"nothing can be told: {noisy[0].name} {noisy[0].detail}"
        return Drift("inconclusive", "L0", reason, shown)
    nothing = "the script prints no number, its unit returns none, and no variable was seen"
    return Drift("inconclusive", "L4", f"nothing could be compared: {nothing}", shown)


def _sentence(findings: Sequence[_Finding]) -> str:
    first = f"{findings[0].name} {findings[0].detail}"
    return first if len(findings) == 1 else f"{first} (and {len(findings) - 1} more)"


def _agreement(
    agreeing: Sequence[_Finding], noisy: Sequence[_Finding], reference: Trace, edited: Trace
) -> str:
    counts = Counter(each.source for each in agreeing)
    parts = [
        f"{counts[source]} {words}{'' if counts[source] == 1 else 's'}"
        for source, words in (
            ("unit", "result of the unit"),
            ("variable", "variable"),
            ("printed", "printed number"),
            ("metric", "metric"),
        )
        if counts[source]
    ]
    parts = [part.replace("result of the units", "results of the unit") for part in parts]
    said = f"{', '.join(parts)} and {len(reference.lines):,} printed lines agree over {edited.units:,} units"
    said += ", as far as rounding allows"
    if noisy:
        said += f"; {len(noisy)} numbers are no evidence ({noisy[0].name} {noisy[0].detail})"
    return said


# What a difference means.


def _judge(
    distances: Sequence[float],
    noise: Sequence[float] | None,
    slack: Sequence[float],
    ahead: int,
    powerless: float = POWERLESS,
) -> tuple[_State, int]:
    """The state of a series and the position that decided it.

    All are relative to the number itself. ``noise`` is None where no other run tells it; ``slack`` is allowed on
    top. The noise of a point is the largest up to ``ahead`` points later, for the perturbed run parts later.
    """
    if noise is None:
        for at, distance in enumerate(distances):
            if distance > slack[at]:
                before = distances[at - 1] if at else 0.0
                abrupt = distance >= JUMP and distance >= JUMP_FACTOR * before
                return (_State.DRIFT if abrupt and ahead > 1 else _State.UNEXPLAINED), at
        return (_State.AGREES if distances else _State.POWERLESS), 0
    powered = False
    for at, distance in enumerate(distances):
        level = max(noise[: at + ahead + 1], default=0.0)
        if level >= powerless:
            break
        powered = True
        if distance > slack[at] + min(FACTOR * level, max(LATE_FACTOR * level, LATE)):
            return _State.DRIFT, at
    return (_State.AGREES, 0) if powered else (_State.POWERLESS, 0)


def _distance(first: float | None, second: float | None, scale: float) -> float:
    first, second = (math.nan if value is None else value for value in (first, second))
    if first == second or (math.isnan(first) and math.isnan(second)):
        return 0.0
    gap = abs(first - second)
    return gap / scale if math.isfinite(gap) else math.inf


@dataclass(frozen=True)
class _Series:
    """One number through a run, in the reference, the edited run, and those that tell the noise."""

    name: str
    source: str
    reference: Sequence[float | None]
    edited: Sequence[float | None]
    others: Sequence[Sequence[float | None]]
    place: float = 0.0
    integral: bool = False

    def judge(self, common_noise: float, ahead: int, where: str) -> _Finding:
        finite = [abs(value) for value in self.reference if value is not None and math.isfinite(value)]
        least = max(1e-3 * max(finite, default=0.0), 1e-12)
        length = min(len(self.reference), len(self.edited))
        if self.others:
            length = min(length, max(len(other) for other in self.others))
        scales = [max(abs(_finite(value)), least) for value in self.reference[:length]]
        distances = [_distance(self.reference[at], self.edited[at], scales[at]) for at in range(length)]
        noise = [
            max(
                (_distance(self.reference[at], other[at], scales[at]) for other in self.others if at < len(other)),
                default=0.0,
            )
            for at in range(length)
        ]
        slack = []
        for scale in scales:
            # A number moves by up to one place before its print shows it.
            unseen = LATE_FACTOR * min(common_noise, self.place / scale) if self.others else 0.0
            exact = 0.0 if self.integral else 1.001 * self.place / scale + ROUNDING
            slack.append(exact + (0.0 if self.integral else unseen))
        powerless = POWERLESS_PRINTED if self.source == "printed" else POWERLESS
        state, at = _judge(distances, noise if self.others else None, slack, ahead, powerless)
        level = max(noise, default=0.0)
        return _Finding(
            state,
            self.source,
            self.name,
            self._detail(state, at, where, level),
            _last(self.reference[:length]),
            _last(self.edited[:length]),
            _noise_of(self.reference, self.others),
            evidence=state is not _State.AGREES or not self.integral,
            largest=max((gap * scale for gap, scale in zip(distances, scales, strict=True)), default=0.0),
        )

    def _detail(self, state: _State, at: int, where: str, level: float) -> str:
        if state is _State.POWERLESS:
            return f"differs by {level:.2g} of itself between runs of the script as it stands"
        if state is _State.AGREES:
            return "agrees"
        became = f"is {_text(self.edited[at])} where it was {_text(self.reference[at])} ({where} {at + 1})"
        if self.others:
            moved = f"rounding moves it by {level:.2g} of itself" if level else "rounding does not move it"
            return f"{became}; {moved}"
        return f"{became}; no other run tells whether that is rounding"


def _finite(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else 0.0


def _last(values: Sequence[float | None]) -> float | None:
    return values[-1] if values and values[-1] is not None and math.isfinite(values[-1]) else None


def _text(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.7g}"


def _noise_of(reference: Sequence[float | None], others: Sequence[Sequence[float | None]]) -> float | None:
    gaps = [
        _distance(reference[len(other) - 1], other[-1], 1.0) for other in others if 0 < len(other) <= len(reference)
    ]
    gaps = [gap for gap in gaps if math.isfinite(gap)]
    return max(gaps) if gaps else None


# What is compared.


def _compare_scalars(reference: Trace, edited: Trace, others: Sequence[Trace]) -> list[_Finding]:
    units = min(len(reference.scalars), len(edited.scalars))
    for unit in range(units):
        there, here = len(reference.scalars[unit]), len(edited.scalars[unit])
        if there != here and all(
            len(other.scalars[unit]) == there for other in others if unit < len(other.scalars)
        ):
            detail = f"has {here} numbers where it had {there} (unit {unit + 1})"
            return [_Finding(_State.DRIFT, "unit", "the result of the unit", detail)]
    width = min((len(row) for row in reference.scalars[:units]), default=0)
    findings = []
    for position in range(width):
        series = _Series(
            f"result {position + 1} of the unit" if width > 1 else "the result of the unit",
            "unit",
            _column(reference.scalars[:units], position),
            _column(edited.scalars[:units], position),
            [_column(other.scalars[:units], position) for other in others],
        )
        findings.append(series.judge(0.0, ahead=2, where="unit"))
    return findings


def _column(rows: Sequence[Sequence[float | None]], position: int) -> list[float | None]:
    return [row[position] if position < len(row) else None for row in rows]


def _compare_variables(reference: Trace, edited: Trace, others: Sequence[Trace]) -> list[_Finding]:
    """Follow each variable over the units at which all runs noted it."""
    moments = sorted(set(reference.digests) & set(edited.digests))
    followed: dict[str, list[tuple[float, float | None]]] = {}
    values: dict[str, tuple[float, float]] = {}
    for moment in moments:
        here, there = reference.digests[moment], edited.digests[moment]
        for name in _same_names(here, there):
            noise = [
                _row_distance(here[name], other.digests[moment][name])
                for other in others
                if name in other.digests.get(moment, ())
            ]
            if others and not noise:
                continue
            distance = _row_distance(here[name], there[name])
            followed.setdefault(name, []).append((distance, max(noise) if noise else None))
            values[name] = _norm(here[name]), _norm(there[name])
    findings = []
    for name, points in followed.items():
        noise = [level or 0.0 for _, level in points]
        slack = [ROUNDING] * len(points)
        state, at = _judge([gap for gap, _ in points], noise if others else None, slack, ahead=1)
        level = max(noise)
        detail = f"is {points[at][0]:.2g} of itself away after {moments[min(at, len(moments) - 1)]} units"
        detail += f"; rounding moves it by {level:.2g}" if others else "; no other run tells whether that is rounding"
        if state is _State.POWERLESS:
            detail = f"differs by {level:.2g} of itself between runs of the script as it stands"
        shown = f"the variable {name.removesuffix('#1')}"
        findings.append(_Finding(state, "variable", shown, detail, *values[name], level if others else None))
    return findings


def _same_names(first: Mapping[str, Sequence[float]], second: Mapping[str, Sequence[float]]) -> list[str]:
    """Names of which both have as many: a graph may keep a variable alive that eager code has let go."""
    counts = [Counter(name.rpartition("#")[0] for name in rows) for rows in (first, second)]
    return [
        name
        for name in first
        if name in second
        and len(first[name]) == len(second[name])
        and counts[0][name.rpartition("#")[0]] == counts[1][name.rpartition("#")[0]]
    ]


def _norm(row: Sequence[float]) -> float:
    return math.sqrt(max(row[1], 0.0)) if len(row) > 1 and not math.isnan(row[1]) else math.nan


def _row_distance(first: Sequence[float], second: Sequence[float]) -> float:
    """The relative distance of two states of a variable, by its norm and by the elements noted."""
    length, other = _norm(first), _norm(second)
    if not (math.isfinite(length) and math.isfinite(other)):
        return 0.0 if math.isfinite(length) == math.isfinite(other) else math.inf
    scale = max(length, other, 1e-6)
    gap = abs(length - other) / scale
    elements = math.sqrt(math.fsum(value * value for value in first[2:]))
    apart = math.sqrt(math.fsum((one - two) ** 2 for one, two in zip(first[2:], second[2:], strict=True)))
    return max(gap, apart / max(elements, 1e-3 * scale))


def _compare_units(reference: Trace, edited: Trace, others: Sequence[Trace]) -> list[_Finding]:
    if not (reference.complete and edited.complete) or reference.units == edited.units:
        return []
    steady = all(other.units == reference.units for other in others if other.complete)
    state = _State.DRIFT if steady and others else _State.UNEXPLAINED if steady else _State.POWERLESS
    detail = f"is {edited.units} where it was {reference.units}"
    return [
        _Finding(state, "unit", "the number of units until the script ended", detail, reference.units, edited.units)
    ]


def _common_noise(findings: Sequence[_Finding]) -> float:
    """How far rounding carries the state of the script, relative to it: the median over its variables."""
    levels = sorted(each.noise for each in findings if each.source == "variable" and each.noise is not None)
    return levels[len(levels) // 2] if levels else math.inf


def _compare_lines(
    reference: Trace, edited: Trace, others: Sequence[Trace], common_noise: float
) -> list[_Finding]:
    ours, theirs = _common_lines(reference, edited)
    if others and all(other.units < reference.units and not other.complete for other in others):
        reach = max(len(other.lines) for other in others)
        ours, theirs = ours[:reach], theirs[:reach]
    match = match_lines(ours, theirs)
    readings = []
    unstable: set[str] = set()
    for other in others:
        here, there = _common_lines(reference, other)
        noise = match_lines(here, there)
        unstable.update(here[at].skeleton for at in noise.lost)
        unstable.update(there[at].skeleton for at in noise.new)
        readings.append({first: there[second] for first, second in noise.pairs})
    findings = []
    for lines, positions, what in ((ours, match.lost, "vanished"), (theirs, match.new, "is new")):
        counted = Counter(lines[at].skeleton for at in positions)
        for skeleton, count in counted.items():
            state = _State.POWERLESS if skeleton in unstable else _State.DRIFT if others else _State.UNEXPLAINED
            name = f"the printed line “{skeleton[:80]}”"
            detail = f"{what} ({count} of {sum(line.skeleton == skeleton for line in lines)} times)"
            if state is _State.POWERLESS:
                detail = "comes and goes between runs of the script as it stands"
            findings.append(_Finding(state, "printed", name, detail))
    columns: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for first, second in match.pairs:
        if ours[first].skeleton not in unstable:
            for position, number in enumerate(ours[first].numbers):
                if not number.timed:
                    columns.setdefault((ours[first].skeleton, position), []).append((first, second))
    for (skeleton, position), places in columns.items():
        numbers = [ours[first].numbers[position] for first, _ in places]
        edited_numbers = [theirs[second].numbers[position] for _, second in places]
        series = _Series(
            numbers[0].label or f"a number on “{skeleton[:60]}”",
            "printed",
            [number.value for number in numbers],
            [number.value for number in edited_numbers],
            [
                [reading[first].numbers[position].value for first, _ in places if first in reading]
                for reading in readings
            ],
            place=min(number.place for number in (*numbers, *edited_numbers)),
            integral=all(number.integral for number in (*numbers, *edited_numbers)),
        )
        findings.append(series.judge(common_noise, ahead=1, where="line"))
    return findings


def _common_lines(first: Trace, second: Trace) -> tuple[list[Line], list[Line]]:
    """The lines of two runs, those of a run that was cut later shortened to what the other one can have."""
    ours, theirs = read_lines(first.lines), read_lines(second.lines)
    if second.units < first.units and not second.complete:
        ours = ours[: len(theirs)]
    if first.units < second.units and not first.complete:
        theirs = theirs[: len(ours)]
    return ours, theirs


def _compare_metric(
    name: str,
    pattern: str,
    reference: Trace,
    edited: Trace,
    others: Sequence[Trace],
    common_noise: float,
) -> _Finding:
    expression = re.compile(pattern)
    texts = [_matches(expression, trace) for trace in (reference, edited, *others)]
    if is_timed(name):
        return _Finding(_State.POWERLESS, "metric", name, "tells of the machine, and is no evidence")
    if not texts[0]:
        return _Finding(_State.POWERLESS, "metric", name, "was printed on no line of the script as it stands")
    if len(texts[1]) != len(texts[0]) and reference.units == edited.units:
        state = _State.DRIFT if all(len(each) == len(texts[0]) for each in texts[2:]) else _State.POWERLESS
        return _Finding(state, "metric", name, f"was printed {len(texts[1])} times where it was {len(texts[0])} times")
    series = _Series(
        name,
        "metric",
        [parse_number(text) for text in texts[0]],
        [parse_number(text) for text in texts[1]],
        [[parse_number(text) for text in each] for each in texts[2:]],
        place=min(place_of(text) for text in (*texts[0], *texts[1])),
        integral=all(is_integral(text) for text in (*texts[0], *texts[1])),
    )
    return replace(series.judge(common_noise, ahead=1, where="line"), evidence=True)


def _matches(expression: re.Pattern[str], trace: Trace) -> list[str]:
    found = []
    for line in trace.lines:
        for match in expression.finditer(line):
            text = match.group(1) if expression.groups else match.group()
            if text:
                found.append(text.strip().removesuffix("%"))
    return found


def _excuse_borderline(printed: Sequence[_Finding], smooth: Sequence[_Finding]) -> list[_Finding]:
    """Take shares and counts of samples that differ by little for no evidence, where what is smooth agrees.

    A sample at the border of a decision goes over to the other side with the next rounding error, in one run
    and not in the other; the losses and variables behind it would tell of a change that is real.
    """
    settled = any(each.state is _State.AGREES for each in smooth)
    if not settled or any(each.state is _State.DRIFT for each in smooth):
        return list(printed)
    return [
        replace(each, state=_State.POWERLESS, detail="differs by a few samples at a decision's border")
        if each.state is _State.DRIFT and _SHARES.search(each.name) and _is_borderline(each)
        else each
        for each in printed
    ]


def _is_borderline(finding: _Finding) -> bool:
    if finding.baseline is None or finding.optimized is None:
        return False
    top = max(abs(finding.baseline), abs(finding.optimized))
    whole = 1.0 if top <= 1 else 100.0 if top <= 100 else top
    return finding.largest <= BORDERLINE * whole
