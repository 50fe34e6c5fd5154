"""The report as Markdown, for a comment on a pull request, the summary of a GitHub job, or a page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ...records import Interval, Judgement, Report
from ..advice import Weight, evidence, is_as_it_stands, next_step, weight
from ..answer import benchmark_rows, gain_of, more_rows
from ..places import checkout_of
from ..visible import LONGEST, visible
from ..wording import (
    apply_command,
    clock,
    count,
    is_proposed,
    metric_line,
    profile_lines,
    ratio,
    reasons,
)

# GitHub rejects comments of more than 65,536 characters.
_LIMIT = 60_000
_SPECIAL = re.compile(r"([\\`*\[\]<>|~$&]|(?<![^\W_])_|_(?![^\W_]))")
# Text that starts a list, a heading or a rule at the start of a line.
_BEGINS = re.compile(r"^([-+=#]|\d(?=\d*[.)](?:\s|$)))")
# Positions at which to split text that a code host would turn into a mention, a reference, an emoji or a link.
_LIVE = re.compile(r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=:)(?=[a-z+-][\w+-]*:)|(?=://)|(?<=www)(?=\.)", re.A | re.I)
# An invisible separator for these positions.
_NOTHING = "<!-- -->"

# The order of the table.
_ORDER = (Weight.WRONG, Weight.GAIN, Weight.OPEN, Weight.NONE)


@dataclass(frozen=True)
class _Size:
    """The limits of a page: rows of candidates, lines of other lists, characters of a text; whether it has the diff."""

    rows: int
    lines: int
    text: int
    change: bool = False


# The first size whose page is short enough is used.
_SIZES = (_Size(60, 50, 400, True), _Size(60, 50, 400), _Size(20, 20, 200), _Size(5, 5, 60))


def render(report: Report, results: Path | None) -> str:
    """Return the outcome, the candidates, the numbers, and the change. ``results`` is not used.

    The first line is an invisible marker, the same for all reports of one command and script, so that a bot finds the
    comment to update. If the page would be too long for a comment, it shows less.
    """
    for size in _SIZES:
        page = _page(report, size)
        if len(page) <= _LIMIT:
            break
    return page


def _page(report: Report, size: _Size) -> str:
    sections = [
        marker(report),
        f"## hybridize: {report.status}",
        _escaped(report.message),
        _run(report),
        *_held(report, size),
        *_candidates(report, size),
        *_numbers(report, size),
        *_warnings(report, size),
        *_change(report, size),
    ]
    return "\n\n".join(sections) + "\n"


def marker(report: Report) -> str:
    """Return the invisible first line by which a bot recognizes the comment of this command about this script."""
    target = report.command.target
    name = target.module or checkout_of(report).path(target.script)
    command = report.command.argv[1] if is_as_it_stands(report) and len(report.command.argv) > 1 else "optimize"
    return f"<!-- hybridize {_plain(command)}: {_plain(name)} -->"


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9./_]", "_", text)


def _run(report: Report) -> str:
    target = report.command.target
    script = _code(checkout_of(report).path(target.script))
    what = f"module {_code(target.module)}" if target.module else f"script {script}"
    spent = f"{clock(report.budget.spent_seconds)} of {clock(report.budget.seconds)}"
    return f"Run {_escaped(report.created)} on {what}; {spent} of the budget were spent."


def _candidates(report: Report, size: _Size) -> list[str]:
    proposed = [judgement for judgement in report.judgements if is_proposed(judgement)]
    others = [judgement for judgement in report.judgements if not is_proposed(judgement)]
    sections = []
    if proposed:
        rows = ["| function | verdict | gain | evidence | what to do |", "| --- | --- | ---: | --- | --- |"]
        proposed.sort(key=lambda judgement: _ORDER.index(weight(judgement, report)))
        rows += [_row(judgement, report, size) for judgement in proposed[: size.rows]]
        sections += ["### Candidates", "\n".join(rows), *_more("function", len(proposed) - size.rows)]
    if others:
        lines = [
            f"- {_code(judgement.function.id)}: {_escaped(reasons(judgement) or 'nothing to gain', size.text)}"
            for judgement in others[: size.lines]
        ]
        title = f"{count(len(others), 'function')} not proposed"
        sections.append(_folded(title, "\n".join(lines), *_more("function", len(others) - size.lines)))
    return sections


def _more(what: str, number: int) -> list[str]:
    return [f"{count(number, f'more {what}')} in the report."] if number > 0 else []


def _row(judgement: Judgement, report: Report, size: _Size) -> str:
    cells = [
        _code(judgement.function.id).replace("|", "\\|"),
        f"**{judgement.verdict.value}**" if judgement.selected else judgement.verdict.value,
        gain_of(judgement, report),
        _escaped(evidence(judgement, report), size.text),
        _escaped(next_step(judgement, report)),
    ]
    return f"| {' | '.join(cells)} |"


def _held(report: Report, size: _Size) -> list[str]:
    """The section about a baseline's speedup; empty without a baseline."""
    held = report.held
    if held is None:
        return []
    both = [(held.before, "in the baseline"), (held.now, "now"), (held.change, "now over then")]
    lines = [f"- {held.verdict}" + "".join(f"; {_interval(each)} {when}" for each, when in both if each is not None)]
    lines += [
        f"- {_code(each.candidate)} {_escaped(each.message, size.text)}{' **(fails)**' if each.fails else ''}"
        for each in held.otherwise[: size.lines]
    ]
    lines += [f"- elsewhere: {_escaped(each, size.text)}" for each in held.elsewhere]
    return ["### Against the baseline", "\n".join(lines), *_more("function", len(held.otherwise) - size.lines)]


def _interval(found: Interval) -> str:
    return f"{ratio(found.median)} \\[{ratio(found.low)}, {ratio(found.high)}\\]"


def _numbers(report: Report, size: _Size) -> list[str]:
    lines = []
    if report.benchmark is not None:
        facts = [*benchmark_rows(report.benchmark), *more_rows(report.benchmark)]
        lines += [f"- {fact.label}: {_escaped(fact.text, size.text)}" for fact in facts]
    if report.drift is not None:
        level = f" (level {_escaped(report.drift.level)})" if report.drift.level else ""
        lines.append(f"- Drift: **{report.drift.verdict}**{level}. {_escaped(report.drift.reason, size.text)}")
        # Numbers that drift come first.
        metrics = sorted(report.drift.metrics, key=lambda metric: metric.verdict == "none")
        lines += [f"  - {_escaped(metric_line(metric), size.text)}" for metric in metrics[: size.lines]]
        lines += [f"  - {more}" for more in _more("number", len(metrics) - size.lines)]
    sections = ["### Measurement", "\n".join(lines)] if lines else []
    if report.profile is not None:
        shares = [f"- {_escaped(text)}" for _, text in profile_lines(report.profile)]
        if report.profile.files:
            shares.append(f"- The stacks are in {', '.join(_code(name) for name in report.profile.files)}.")
        sections += [_folded("Where the time goes", "\n".join(shares))] if shares else []
    return sections


def _warnings(report: Report, size: _Size) -> list[str]:
    if not report.warnings:
        return []
    lines = [f"- {_escaped(warning, size.text)}" for warning in report.warnings[: size.lines]]
    return ["### Warnings", "\n".join(lines), *_more("warning", len(report.warnings) - size.lines)]


def _change(report: Report, size: _Size) -> list[str]:
    if not report.plan.files:
        return []
    if report.plan.applied:
        how = "The sources were edited in place."
    else:
        command = apply_command(report, Path(report.command.target.cwd))
        how = f"To apply it, in {_code(report.command.target.cwd)}:\n\n{_fenced(command or '', 'sh')}"
    diff = _fenced("".join(edited.diff for edited in report.plan.files), "diff")
    edits = _folded("The edits", diff) if size.change else "The edits are too long to show here."
    return ["### The change", how, edits]


def _folded(title: str, *parts: str) -> str:
    body = "\n\n".join(parts)
    return f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"


def _escaped(text: str, limit: int = LONGEST) -> str:
    """Escape text so that it is shown literally, on one line and cut to ``limit``: no markup, no mention, no link."""
    flat = " ".join(visible(text, limit).split())
    parts = [_SPECIAL.sub(r"\\\1", part) for part in _LIVE.split(flat)]
    return _BEGINS.sub(lambda found: f"&#{ord(found[1])};", _NOTHING.join(parts))


def _code(text: str) -> str:
    """Return inline code that a backtick in the text does not end."""
    flat = visible(text, 300)
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    return f"{'`' * (longest + 1)} {flat} {'`' * (longest + 1)}" if longest else f"`{flat}`"


def _fenced(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{visible(text, len(text), lines=True).rstrip(chr(10))}\n{fence}"
