"""Compares two reports: the differences, and whether the gain changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..records import Interval, Judgement, Report
from .wording import count, duration, ratio, words

#: The parts of the environment that make times incomparable, but not ratios.
_TELLING = ("platform", "processor", "cpus", "flags", "python", "tensorflow", "keras", "numpy", "hybridize")
NONE = "–"


@dataclass(frozen=True)
class Row:
    """One fact, as each of the two reports has it."""

    name: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        """Whether the reports differ in it."""
        return self.before != self.after


@dataclass(frozen=True)
class Comparison:
    """The comparison of two reports.

    ``setting`` are the differences in script, arguments, machine and versions. ``numbers`` are the results of both.
    ``candidates`` are the functions with different results. ``conclusion`` is the sentence to read first.
    """

    setting: tuple[Row, ...]
    numbers: tuple[Row, ...]
    candidates: tuple[Row, ...]
    conclusion: str


def compare(before: Report, after: Report) -> Comparison:
    """Compare an earlier and a later report."""
    candidates = tuple(row for row in _candidates(before, after) if row.differs)
    return Comparison(
        setting=tuple(row for row in _setting(before, after) if row.differs),
        numbers=_numbers(before, after),
        candidates=candidates,
        conclusion=_conclusion(before, after, candidates),
    )


def _setting(before: Report, after: Report) -> list[Row]:
    one, other = before.environment, after.environment
    named = [name for name in _TELLING if name in one or name in other]
    rows = [Row(name, one.get(name, NONE), other.get(name, NONE)) for name in named]
    script = Row("script", before.command.target.script, after.command.target.script)
    arguments = Row("arguments", *(" ".join(each.command.target.arguments) or NONE for each in (before, after)))
    return [script, arguments, *rows]


def _numbers(before: Report, after: Report) -> tuple[Row, ...]:
    both = before, after
    return (
        Row("status", before.status, after.status),
        Row("speedup per step", *(_interval(_speedup(each)) for each in both)),
        Row("end to end", *(_end_to_end(each) for each in both)),
        Row("pays once", *(_once(each) for each in both)),
        Row("drift", *(NONE if each.drift is None else each.drift.verdict for each in both)),
        Row("edits", *(str(len(each.plan.edits)) for each in both)),
        Row("spent", *(duration(each.budget.spent_seconds) for each in both)),
    )


def _candidates(before: Report, after: Report) -> list[Row]:
    known = {judgement.function.id: judgement for judgement in before.judgements}
    now = {judgement.function.id: judgement for judgement in after.judgements}
    return [Row(name, _told(known.get(name)), _told(now.get(name))) for name in {**known, **now}]


def _told(judgement: Judgement | None) -> str:
    """The result for a candidate, without numbers, which differ between any two runs."""
    if judgement is None:
        return "not there"
    return judgement.verdict.value + (", in the patch" if judgement.selected else "")


def reason_now(report: Report, name: str) -> str:
    """Why a candidate of the report has its verdict, as a clause; empty if the report has no reason."""
    for judgement in report.judgements:
        if judgement.function.id == name:
            return next(iter(words(judgement.reasons)), "")
    return ""


def _speedup(report: Report) -> Interval | None:
    return None if report.benchmark is None else report.benchmark.speedup


def _interval(found: Interval | None) -> str:
    return NONE if found is None else f"{ratio(found.median)} [{ratio(found.low)}, {ratio(found.high)}]"


def _end_to_end(report: Report) -> str:
    return NONE if report.benchmark is None else ratio(report.benchmark.end_to_end_speedup) or NONE


def _once(report: Report) -> str:
    seconds = None if report.benchmark is None else report.benchmark.cold_start_seconds
    return NONE if seconds is None else duration(abs(seconds)) + ("" if seconds >= 0 else " less")


def _conclusion(before: Report, after: Report, candidates: Sequence[Row]) -> str:
    one, other = _speedup(before), _speedup(after)
    told = "the same result for every candidate"
    if candidates:
        told = f"{count(len(candidates), 'candidate')} with a different result"
    if one is None or other is None:
        missing = " and ".join(name for name, found in (("the first", one), ("the second", other)) if found is None)
        return f"The gains can't be compared, because {missing} measured none; {told}."
    spans = f"{_interval(one)} and {_interval(other)}"
    if other.high < one.low:
        return f"The gain has fallen: the intervals {spans} do not overlap; {told}."
    if other.low > one.high:
        return f"The gain has risen: the intervals {spans} do not overlap; {told}."
    return f"No change of the gain is shown: the intervals {spans} overlap; {told}."
