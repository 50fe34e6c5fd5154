"""The result of a run for a person at a terminal or in a log: table, numbers, patch, and the sentence to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ...records import Judgement, Report, Verdict
from ..wording import (
    NOTABLE_SHARE,
    apply_command,
    chosen_variant,
    count,
    is_proposed,
    metric_line,
    own_share,
    patch_path,
    profile_lines,
    ratio,
    reasons,
    samples,
    shortest,
    speedup_lines,
    speedup_of,
)

#: The width of the labels before the rows.
LABEL_WIDTH = 10
_COLOURS = {
    Verdict.CONFIRMED: "green",
    Verdict.REFUTED: "red",
    Verdict.UNOBSERVED: "yellow",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NOT_PROPOSED: "dim",
}
_OTHER_COLUMNS = 30  # What the columns beside the candidate's take, with the space between them.
_SHOWN_UNPROPOSED = 20


@dataclass(frozen=True)
class Part:
    """A piece of the result. What is to be copied is not wrapped, whatever the width."""

    content: RenderableType
    wrapped: bool = True


def parts(report: Report, *, width: int, verbosity: int, cwd: Path) -> Iterator[Part]:
    """Give the result piece by piece, for a terminal of ``width`` columns.

    From a ``verbosity`` of 1 on every function and assumption is listed. Paths are shown relative to ``cwd``.
    """
    yield from _candidates(report, width, verbosity)
    yield from _numbers(report)
    yield from _change(report, cwd)
    yield Part(Text())
    yield Part(Text(report.message, style="bold green" if report.exit_code == 0 else "bold red"))


def row(label: str, text: str, style: str = "") -> Table:
    """Give a text that stands beside its label and is folded below itself."""
    return _rows([(Text(label, style=style), Text(text))])


def _candidates(report: Report, width: int, verbosity: int) -> Iterator[Part]:
    proposed = [judgement for judgement in report.judgements if is_proposed(judgement)]
    others = [judgement for judgement in report.judgements if not is_proposed(judgement)]
    shown = others
    if verbosity <= 0:
        # Where something is written that is the news; where nothing is, the question is why not.
        tensors = [judgement for judgement in others if judgement.function.computes_with_tensors is not False]
        tensors.sort(key=own_share, reverse=True)
        notable = [judgement for judgement in tensors if own_share(judgement) >= NOTABLE_SHARE]
        shown = notable if report.plan.edits else tensors[:_SHOWN_UNPROPOSED]
    if proposed or shown:
        yield Part(Text())
        header = ("candidate", "verdict", "speedup", "patch")
        yield Part(_columns(*(Text(title, style="bold") for title in header)))
    for judgement in (*proposed, *shown):
        name = Text(judgement.function.id)
        if name.cell_len > width - _OTHER_COLUMNS:
            # On a line of its own and in one piece, so that it can be copied.
            yield Part(name, wrapped=False)
            name = Text()
        yield Part(
            _columns(
                name,
                Text(judgement.verdict.value, style=_COLOURS[judgement.verdict]),
                Text(ratio(speedup_of(chosen_variant(judgement, report)))),
                Text("yes" if judgement.selected else ""),
            )
        )
        for line in _why(judgement, report, verbosity):
            yield Part(Padding(line, (0, 0, 0, 4)))
    if hidden := len(others) - len(shown):
        yield Part(Text(f"{count(hidden, 'function')} not proposed; -v lists them.", style="dim"))


def _why(judgement: Judgement, report: Report, verbosity: int) -> list[Text]:
    lines = [Text(part) for part in (reasons(judgement),) if part]
    lines += [Text(part, style="dim") for part in (samples(judgement, report),) if part]
    if verbosity > 0:
        for checked in judgement.assumptions:
            text = f"{checked.verdict.value}: {checked.assumption.statement} ({checked.evidence})"
            lines.append(Text(text, style="dim"))
        for variant in judgement.variants:
            lines += [Text(f"retraced: {cause}", style="dim") for cause in variant.retrace_causes]
    return lines


def _numbers(report: Report) -> Iterator[Part]:
    rows: list[tuple[str, str]] = []
    if report.benchmark is not None:
        rows += speedup_lines(report.benchmark)
    if report.drift is not None:
        level = f" ({report.drift.level})" if report.drift.level else ""
        rows.append(("Drift", f"{report.drift.verdict}{level}: {report.drift.reason}"))
        rows += [("", metric_line(metric)) for metric in report.drift.metrics]
    if report.profile is not None:
        rows += profile_lines(report.profile)
    if rows:
        yield Part(Text())
        yield Part(_rows([(Text(label), Text(text)) for label, text in rows]))


def _change(report: Report, cwd: Path) -> Iterator[Part]:
    patch = patch_path(report)
    if patch is None:
        return
    yield Part(Text())
    if report.plan.applied:
        yield Part(row("Applied", "to " + ", ".join(edited.file for edited in report.plan.files)))
        return
    yield Part(row("Patch", shortest(patch, cwd)))
    command = Text("Apply it".ljust(LABEL_WIDTH + 1)).append(apply_command(report, cwd) or "", "bold")
    # Not wrapped, so that it can be copied.
    yield Part(command, wrapped=False)


def _columns(candidate: Text, verdict: Text, speedup: Text, patch: Text) -> Table:
    """Give one line of the table; what is said of the candidate goes below it, over the whole width."""
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(width=12)
    grid.add_column(width=8, justify="right")
    grid.add_column(width=5)
    grid.add_row(candidate, verdict, speedup, patch)
    return grid


def _rows(rows: list[tuple[Text, Text]]) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(min_width=LABEL_WIDTH, no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in rows:
        grid.add_row(label, text)
    return grid
