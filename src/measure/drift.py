"""The comparison of the values that the edited and the original script compute and print.

It compares the results of the unit function, the variables, the printed lines, and the numbers on them. ``noise``
judges the differences; docs/drift.md explains the method.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..records import Course, Drift
from .lines import Line, find_numbers, is_integral, is_timed, match_lines, parse_number, place_of, read_lines
from .noise import ROUNDING, Finding, Series, State, distance
from .states import are_alike, compare_variables

# Counts and shares of samples change by whole samples near a decision boundary. This share of the range is tolerated.
BORDERLINE = 0.02
_SHARES = re.compile(
    r"(?<![a-z])(?:acc|accuracy|accuracies|precision|recall|f1|auc|m?iou|dice|correct)(?![a-z])", re.IGNORECASE
)
# Smooth losses that are named after a share, such as Dice loss and IoU loss.
_SMOOTH = re.compile(r"loss|error|distance|divergence|penalty|cost", re.IGNORECASE)
MOST_METRICS = 20
# The most results of the unit, and points of each, that are kept for a plot.
MOST_COURSES, MOST_POINTS = 4, 120
# A script that ends after this many units or fewer trains too little for any number to prove much. If it is
# reproducible, full agreement suffices, because the check has compared each of its calls.
FEW_UNITS = 5


@dataclass(frozen=True)
class Trace:
    """The results and output of one run of the script.

    ``scalars`` has a row per unit: the floating-point scalars that the unit function returned. ``digests`` maps a
    number of units to the state of the variables at that point, each by name (with ``#k`` for the k-th of a name) as a
    sum, a sum of squares, and some elements. Values may be NaN or infinite; these are distinguished. ``complete`` says
    whether the script ran to its end; otherwise it was cut. ``unit`` is the
    word for a unit.
    """

    lines: tuple[str, ...] = ()
    units: int = 0
    scalars: tuple[tuple[float | None, ...], ...] = ()
    digests: Mapping[int, Mapping[str, Sequence[float]]] = field(default_factory=dict)
    complete: bool = True
    unit: str = "step"


def compare(
    reference: Trace,
    edited: Trace,
    *,
    twin: Trace | None = None,
    perturbed: Sequence[Trace] = (),
    metrics: Sequence[tuple[str, str]] = (),
) -> Drift:
    """Compare the edited run with the reference run of the original script.

    ``twin`` is a second run of the original. ``perturbed`` are runs whose variables were moved by a rounding error. All
    use one random stream. The noise of a number is its largest difference among these runs. ``metrics`` are (name,
    regular expression) pairs, whose first group (or match) is a number on a printed line. Runs that were cut are
    compared up to the end of the shorter one.
    """
    others = [*perturbed, *([] if twin is None else [twin])]
    smooth = _compare_smooth(reference, edited, others, repeats=True)
    repeats = begins_alike(reference, twin) if twin is not None else not any(each.unsettled for each in smooth)
    if not repeats:
        smooth = _compare_smooth(reference, edited, others, repeats)
    smooth += _compare_units(reference, edited, others)
    noise = _common_noise(smooth) if others else 0.0
    printed = _compare_lines(reference, edited, others, noise, repeats)
    for name, pattern in metrics:
        printed.append(_compare_metric(name, pattern, reference, edited, others, noise, repeats))
    whole = twin is not None and repeats and reference.complete and edited.complete
    few = whole and reference.units == edited.units <= FEW_UNITS
    concluded = _conclude([*smooth, *_excuse_borderline(printed, smooth)], reference, edited, few)
    return replace(concluded, courses=_courses(reference, edited, others))


def _compare_smooth(reference: Trace, edited: Trace, others: Sequence[Trace], repeats: bool) -> list[Finding]:
    scalars = _compare_scalars(reference, edited, others, repeats)
    digests = [other.digests for other in others]
    return [*scalars, *compare_variables(reference.digests, edited.digests, digests, repeats)]


def begins_alike(reference: Trace, twin: Trace) -> bool:
    """Whether a second run starts like the first one, with equal first results and equal first recorded variables."""
    rows = zip(reference.scalars[:2], twin.scalars[:2], strict=False)
    pairs = [(first, second) for row, other in rows for first, second in zip(row, other, strict=False)]
    if any(distance(first, second, max(abs(first or 0.0), 1e-12)) > ROUNDING for first, second in pairs):
        return False
    return are_alike(reference.digests, twin.digests)


def _conclude(findings: Sequence[Finding], reference: Trace, edited: Trace, few: bool) -> Drift:
    order = [State.DRIFT, State.UNEXPLAINED, State.AGREES, State.POWERLESS]
    telling = [each for each in findings if each.evidence]
    by_state = {state: [each for each in telling if each.state is state] for state in order}
    drifting, unexplained, agreeing, noisy = by_state.values()
    idle = [each for each in findings if not each.evidence]
    shown = [each.metric() for state in order for each in _gather(by_state[state])][:MOST_METRICS]
    if drifting:
        verdict, level, reason = "drift", "L4", _sentence(drifting)
    elif unexplained:
        verdict, level, reason = "inconclusive", "L4", _sentence(unexplained)
    elif agreeing:
        verdict, level, reason = "none", "L4", _agreement(agreeing, noisy, reference, edited)
    elif noisy:
        verdict, level, reason = "inconclusive", "L0", f"nothing can be concluded: {_sentence(noisy)}"
    elif idle and few:
        verdict, level, reason = "none", "L4", _agreement(idle, (), reference, edited)
    elif idle:
        nothing = f"the values that agree would agree in any case ({idle[0].name})"
        verdict, level, reason = "inconclusive", "L0", f"nothing can be concluded: {nothing}"
    else:
        nothing = "the script prints no number, its step returns none, and no variable was seen"
        verdict, level, reason = "inconclusive", "L4", f"nothing could be compared: {nothing}"
    return Drift(verdict, level, f"{reason}{_left_out(reference)}", tuple(shown))


def _left_out(reference: Trace) -> str:
    """The sentence about printed numbers that are not compared, because their name or unit depends on the machine."""
    lines = read_lines(reference.lines)
    timed = [name for line in lines for name in [*(each.label for each in line.numbers if each.timed), *line.units]]
    if not timed:
        return ""
    names = ", ".join(f"“{name}”" for name in list(dict.fromkeys(timed))[:3])
    numbers = "1 printed number was" if len(timed) == 1 else f"{len(timed):,} printed numbers were"
    return f"; {numbers} not compared, because their name or unit is that of a time, a speed or memory ({names})"


def _gather(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with all variables of the same outcome merged into the one with the largest difference."""
    variables = [each for each in findings if each.source == "variable"]
    if len(variables) < 2:
        return list(findings)
    noise = [each.noise for each in variables if each.noise is not None]
    furthest = Finding(
        variables[0].state,
        "variable",
        f"the relative distance of {len(variables)} variables",
        baseline=0.0,
        optimized=max(each.largest for each in variables),
        noise=max(noise) if noise else None,
    )
    return [*(each for each in findings if each.source != "variable"), furthest]


def _sentence(findings: Sequence[Finding]) -> str:
    first = f"{findings[0].name} {findings[0].detail}"
    return first if len(findings) == 1 else f"{first} (and {len(findings) - 1} more)"


def _agreement(
    agreeing: Sequence[Finding], noisy: Sequence[Finding], reference: Trace, edited: Trace
) -> str:
    counts = Counter(each.source for each in agreeing)
    parts = [
        f"{counts[source]} {words}{'' if counts[source] == 1 else 's'}"
        for source, words in (
            ("unit", "result"),
            ("variable", "variable"),
            ("printed", "printed number"),
            ("metric", "metric"),
        )
        if counts[source]
    ]
    if lines := len(reference.lines):
        parts.append(f"{lines:,} printed line{'' if lines == 1 else 's'}")
    together = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    agree = "agrees" if counts.total() + lines == 1 else "agree"
    said = f"{together} {agree} over {edited.units:,} {edited.unit}s, to within rounding"
    if noisy:
        numbers = "1 number was" if len(noisy) == 1 else f"{len(noisy)} numbers were"
        said += f"; {numbers} ignored ({noisy[0].name} {noisy[0].detail})"
    return said


# What is compared.


def _compare_scalars(reference: Trace, edited: Trace, others: Sequence[Trace], repeats: bool) -> list[Finding]:
    units = min(len(reference.scalars), len(edited.scalars))
    for unit in range(units):
        there, here = len(reference.scalars[unit]), len(edited.scalars[unit])
        if there != here and all(
            len(other.scalars[unit]) == there for other in others if unit < len(other.scalars)
        ):
            detail = f"has {here} numbers where the original had {there} (step {unit + 1})"
            return [Finding(State.DRIFT, "unit", "the result of the step", detail)]
    width = min((len(row) for row in reference.scalars[:units]), default=0)
    findings = []
    for position in range(width):
        series = Series(
            f"result {position + 1} of the step" if width > 1 else "the result of the step",
            "unit",
            _column(reference.scalars[:units], position),
            _column(edited.scalars[:units], position),
            [_column(other.scalars[:units], position) for other in others],
        )
        findings.append(series.judge(0.0, ahead=2, where="step", repeats=repeats))
    return findings


def _courses(reference: Trace, edited: Trace, others: Sequence[Trace]) -> tuple[Course, ...]:
    """The first few results of the unit over the units, for display. A long run is sampled evenly."""
    units = min(len(reference.scalars), len(edited.scalars))
    width = min((len(row) for row in (*reference.scalars[:units], *edited.scalars[:units])), default=0)
    step = max(1, math.ceil(units / MOST_POINTS))
    shown = range(0, units, step)
    found = []
    for position in range(min(width, MOST_COURSES)):
        first, second = (_column(trace.scalars[:units], position) for trace in (reference, edited))
        columns = [_column(other.scalars[:units], position) for other in others if len(other.scalars) >= units]
        noise = [
            max((abs(_real(column[at]) - _real(first[at])) for column in columns), default=math.nan) for at in shown
        ]
        found.append(
            Course(
                f"result {position + 1} of the step" if width > 1 else "the result of the step",
                tuple(at + 1 for at in shown),
                tuple(_real(first[at]) for at in shown),
                tuple(_real(second[at]) for at in shown),
                tuple(noise) if columns else (),
            )
        )
    return tuple(found)


def _real(value: float | None) -> float:
    return math.nan if value is None else value


def _column(rows: Sequence[Sequence[float | None]], position: int) -> list[float | None]:
    return [row[position] if position < len(row) else None for row in rows]


def _compare_units(reference: Trace, edited: Trace, others: Sequence[Trace]) -> list[Finding]:
    """Whether both ended after the same number of units. A run that was cut before the other's end shows nothing."""
    both = reference.complete and edited.complete
    first = min((reference, edited), key=lambda run: run.units)
    if reference.units == edited.units or not first.complete:
        return []
    steady = all(other.units == reference.units for other in others if other.complete)
    # If one was cut, the other may have ended because of its clock, since tracing takes time.
    state = State.DRIFT if steady and others and both else State.UNEXPLAINED if steady else State.POWERLESS
    detail = f"is {edited.units}, original {reference.units}" if both else _ended_alone(reference, edited)
    return [
        Finding(state, "unit", "the number of steps until the script ended", detail, reference.units, edited.units)
    ]


def _ended_alone(reference: Trace, edited: Trace) -> str:
    if edited.complete:
        return f"is {edited.units}, but the original continued to the planned {reference.units}"
    return f"is more than {edited.units}, original {reference.units}"


def _common_noise(findings: Sequence[Finding]) -> float:
    """The relative effect of rounding on the state of the script: the median over its variables."""
    levels = sorted(each.noise for each in findings if each.source == "variable" and each.noise is not None)
    return levels[len(levels) // 2] if levels else math.inf


def _compare_lines(
    reference: Trace, edited: Trace, others: Sequence[Trace], common_noise: float, repeats: bool
) -> list[Finding]:
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
            state = State.POWERLESS if skeleton in unstable else State.DRIFT if others else State.UNEXPLAINED
            name = f"the printed line “{skeleton[:80]}”"
            detail = f"{what} ({count} of {sum(line.skeleton == skeleton for line in lines)} times)"
            if state is State.POWERLESS:
                detail = "appears in only some runs of the original script"
            findings.append(Finding(state, "printed", name, detail))
    columns: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for first, second in match.pairs:
        if ours[first].skeleton not in unstable:
            for position, number in enumerate(ours[first].numbers):
                if not number.timed:
                    columns.setdefault((ours[first].skeleton, position), []).append((first, second))
    for (skeleton, position), places in columns.items():
        numbers = [ours[first].numbers[position] for first, _ in places]
        edited_numbers = [theirs[second].numbers[position] for _, second in places]
        series = Series(
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
        findings.append(series.judge(common_noise, ahead=1, where="line", repeats=repeats))
    return findings


def _common_lines(first: Trace, second: Trace) -> tuple[list[Line], list[Line]]:
    """The lines of two runs. The longer run is shortened to the lines that the shorter one can have printed."""
    ours, theirs = read_lines(first.lines), read_lines(second.lines)
    if second.units < first.units and not (second.complete and first.complete):
        theirs = _without_end(second, theirs, ours)
        ours = ours[: len(theirs)]
    if first.units < second.units and not (second.complete and first.complete):
        ours = _without_end(first, ours, theirs)
        theirs = theirs[: len(ours)]
    return ours, theirs


def _without_end(run: Trace, lines: list[Line], longer: list[Line]) -> list[Line]:
    """The lines of a run without those printed at its end, which the other run, cut before that, can't have."""
    known = {line.skeleton for line in longer}
    end = len(lines)
    while run.complete and end and lines[end - 1].skeleton not in known:
        end -= 1
    return lines[:end]


def _compare_metric(
    name: str,
    pattern: str,
    reference: Trace,
    edited: Trace,
    others: Sequence[Trace],
    common_noise: float,
    repeats: bool,
) -> Finding:
    expression = re.compile(pattern)
    texts = [find_numbers(expression, trace.lines) for trace in (reference, edited, *others)]
    if is_timed(name):
        return Finding(State.POWERLESS, "metric", name, "depends on the machine, and is ignored")
    if not texts[0]:
        return Finding(State.POWERLESS, "metric", name, "was not printed by the original script")
    if len(texts[1]) != len(texts[0]) and reference.units == edited.units:
        state = State.DRIFT if all(len(each) == len(texts[0]) for each in texts[2:]) else State.POWERLESS
        return Finding(state, "metric", name, f"was printed {len(texts[1])} times, originally {len(texts[0])} times")
    series = Series(
        name,
        "metric",
        [parse_number(text) for text in texts[0]],
        [parse_number(text) for text in texts[1]],
        [[parse_number(text) for text in each] for each in texts[2:]],
        place=min(place_of(text) for text in (*texts[0], *texts[1])),
        integral=all(is_integral(text) for text in (*texts[0], *texts[1])),
    )
    return series.judge(common_noise, ahead=1, where="line", repeats=repeats)


def _excuse_borderline(printed: Sequence[Finding], smooth: Sequence[Finding]) -> list[Finding]:
    """Ignore small differences in shares and counts of samples if all continuous numbers agree.

    A sample near a decision boundary may change sides because of a rounding error, in one run and not in the other. A
    real change would also show in losses and variables.
    """
    settled = any(each.state is State.AGREES and each.evidence for each in smooth)
    if not settled or any(each.state is State.DRIFT for each in smooth):
        return list(printed)
    return [
        replace(each, state=State.POWERLESS, detail="differs by a few samples near a decision boundary")
        if each.state is State.DRIFT and _is_borderline(each)
        else each
        for each in printed
    ]


def _is_borderline(finding: Finding) -> bool:
    return is_borderline(finding.name, finding.baseline, finding.optimized, finding.largest)


def is_borderline(name: str, first: float | None, second: float | None, gap: float) -> bool:
    """Whether a few samples near a decision boundary can explain the difference ``gap`` in a number of this name."""
    if first is None or second is None or not _SHARES.search(name) or _SMOOTH.search(name):
        return False
    top = max(abs(first), abs(second))
    whole = 1.0 if top <= 1 else 100.0 if top <= 100 else top
    return gap <= BORDERLINE * whole
