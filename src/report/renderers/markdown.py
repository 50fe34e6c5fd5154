"""The report as a page of Markdown: for a pull request, or to read later."""

from __future__ import annotations

import re
from pathlib import Path

from ...records import Judgement, Report
from ..answer import benchmark_rows, gain_of, more_rows
from ..visible import visible
from ..wording import (
    apply_command,
    clock,
    is_proposed,
    metric_line,
    profile_lines,
    reasons,
    samples,
)

#: The longest text that is written whole, in characters.
_LONGEST = 10_000
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def render(report: Report, results: Path | None) -> str:
    """Give a summary of a run: the outcome, the candidates, the measurement, drift, and how to apply it.

    ``results`` is not used.
    """
    sections = [
        f"# optimize: {report.status}",
        _escaped(report.message),
        _run(report),
        *_candidates(report),
        *_measurement(report),
        *_drift(report),
        *_profile(report),
        *_change(report),
    ]
    if report.warnings:
        sections += ["## Warnings", "\n".join(f"- {_escaped(warning)}" for warning in report.warnings)]
    return "\n\n".join(sections) + "\n"


def _run(report: Report) -> str:
    target = report.command.target
    what = f"module `{target.module}`" if target.module else f"script {_code(target.script)}"
    spent = f"{clock(report.budget.spent_seconds)} of {clock(report.budget.seconds)}"
    return f"Run {_escaped(report.created)} on {what}; {spent} of the budget were spent."


def _candidates(report: Report) -> list[str]:
    proposed = [judgement for judgement in report.judgements if is_proposed(judgement)]
    others = [judgement for judgement in report.judgements if not is_proposed(judgement)]
    sections = []
    if proposed:
        rows = ["| candidate | verdict | gain | in the patch | why |", "| --- | --- | --- | --- | --- |"]
        rows += [_row(judgement, report) for judgement in proposed]
        sections += ["## Candidates", "\n".join(rows)]
    if others:
        lines = [
            f"- {_code(judgement.function.id)}: {_escaped(reasons(judgement)) or 'nothing to gain'}"
            for judgement in others
        ]
        sections += ["## Not proposed", "\n".join(lines)]
    return sections


def _row(judgement: Judgement, report: Report) -> str:
    why = "; ".join(part for part in (reasons(judgement), samples(judgement, report)) if part)
    cells = [
        _code(judgement.function.id),
        judgement.verdict.value,
        gain_of(judgement, report),
        "yes" if judgement.selected else "",
        _escaped(why),
    ]
    return f"| {' | '.join(cells)} |"


def _measurement(report: Report) -> list[str]:
    if report.benchmark is None:
        return []
    facts = [*benchmark_rows(report.benchmark), *more_rows(report.benchmark)]
    lines = [f"- {fact.label}: {_escaped(fact.text)}" for fact in facts]
    return ["## Measurement", "\n".join(lines)]


def _drift(report: Report) -> list[str]:
    if report.drift is None:
        return []
    level = f" (level {report.drift.level})" if report.drift.level else ""
    lines = [f"Verdict: **{report.drift.verdict}**{_escaped(level)}. {_escaped(report.drift.reason)}"]
    if report.drift.metrics:
        lines.append("")
        lines += [f"- {_escaped(metric_line(metric))}" for metric in report.drift.metrics]
    return ["## Drift", "\n".join(lines)]


def _profile(report: Report) -> list[str]:
    if report.profile is None:
        return []
    lines = [f"- {_escaped(text)}" for _, text in profile_lines(report.profile)]
    if report.profile.files:
        lines += ["", f"The stacks are in {', '.join(_code(name) for name in report.profile.files)}."]
    return ["## Where the time goes", "\n".join(lines)] if lines else []


def _change(report: Report) -> list[str]:
    if not report.plan.files:
        return []
    if report.plan.applied:
        how = "The sources were edited in place."
    else:
        command = apply_command(report, Path(report.command.target.cwd))
        how = f"To apply it, in {_code(report.command.target.cwd)}:\n\n{_fenced(command or '', 'sh')}"
    return ["## The change", how, _fenced("".join(edited.diff for edited in report.plan.files), "diff")]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", visible(text, _LONGEST))


def _code(text: str) -> str:
    """Give inline code; in a table, a bar must not end the cell, and a backtick not the code."""
    flat = visible(text, _LONGEST).replace("|", "\\|")
    return f"`` {flat} ``" if "`" in flat else f"`{flat}`"


def _fenced(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}"
