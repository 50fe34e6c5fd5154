"""The result of a run for a person, on a terminal or in a log: the answer first, then the tried candidates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ...records import Report, Verdict
from ..answer import (
    REMEDIES,
    Group,
    Row,
    Tone,
    Tried,
    cost_text,
    costs,
    counts,
    group_of,
    more_rows,
    name_of,
    rows,
    short_reason,
    tone_of,
    tried,
)
from ..visible import visible
from ..wording import apply_parts, count, metric_line, profile_lines, shortest

#: The width of the labels before the rows.
LABEL_WIDTH = 11
_COLOURS = {
    Verdict.CONFIRMED: "green",
    Verdict.REFUTED: "red",
    Verdict.UNOBSERVED: "yellow",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NOT_PROPOSED: "dim",
}
_TONES = {Tone.GOOD: "bold green", Tone.BAD: "bold red", Tone.UNSURE: "yellow", Tone.PLAIN: "bold"}
#: A longer diff is only named.
_SHORT_DIFF = 24
#: With fewer columns than this next to the candidate, its reason is printed below it.
_REASON_WIDTH = 60
_LONGEST_NAME = 40
_MOST_TRIED = 15


@dataclass(frozen=True)
class Part:
    """A piece of the result. Text to be copied is never wrapped."""

    content: RenderableType
    wrapped: bool = True


def parts(report: Report, *, width: int, verbosity: int, cwd: Path) -> Iterator[Part]:
    """Yield the result piece by piece, for a terminal of ``width`` columns.

    With a ``verbosity`` of 1 or more, every function and number is listed. Paths are shown relative to ``cwd``.
    """
    yield Part(Text())
    yield Part(Text(visible(report.message), style=_TONES[tone_of(report)]))
    found = rows(report, short=verbosity <= 0)
    if verbosity > 0:
        found += _more(report)
    if found:
        yield Part(_rows([_row(each) for each in found]))
    yield from _change(report, width, cwd)
    yield from _instead(report)
    yield from _tried(report, width, verbosity)
    if report.judgements and report.folder is not None:
        # Without --report, explain reads the newest run in the usual place.
        usual = Path(report.folder).parent == cwd / "results"
        where = "" if usual else f" --report {shortest(Path(report.folder), cwd)}"
        yield Part(Text(visible(f"optimize explain ID{where} shows the details of one function."), style="dim"))
    if report.folder is not None:
        yield Part(Text())
        yield Part(row("Report", shortest(Path(report.folder) / "report.html", cwd)))


def row(label: str, text: str, style: str = "") -> Table:
    """Return a text next to its label, wrapped in a column."""
    return _rows([(Text(label, style=style), Text(visible(text)))])


def _row(each: Row) -> tuple[Text, Text]:
    style = {Tone.BAD: "red", Tone.UNSURE: "yellow", Tone.GOOD: "green"}.get(each.tone, "")
    head, colon, rest = each.text.partition(": ") if each.label == "Drift" else (each.text, "", "")
    return Text(each.label), Text(visible(head), style=style).append(visible(colon + rest), "none")


def _more(report: Report) -> list[Row]:
    """The rows that -v adds: the numbers behind the others."""
    found = more_rows(report.benchmark) if report.benchmark is not None else []
    if report.drift is not None:
        found += [Row("", metric_line(metric)) for metric in report.drift.metrics]
    if report.profile is not None:
        found += [Row(label, text) for label, text in profile_lines(report.profile)]
    return found


def _change(report: Report, width: int, cwd: Path) -> Iterator[Part]:
    command = apply_parts(report, cwd, undo=report.plan.applied)
    if not command:
        return
    diff = "".join(edited.diff for edited in report.plan.files).splitlines()
    yield Part(Text())
    if len(diff) <= _SHORT_DIFF:
        for line in diff:
            yield Part(Text(visible(line), style=_diff_style(line)), wrapped=False)
    else:
        files = ", ".join(edited.file for edited in report.plan.files)
        patch = shortest(Path(report.folder or "", report.plan.patch_file or ""), cwd)
        yield Part(row("Diff", f"{count(len(diff), 'line')} for {files}: {patch}"))
    yield Part(Text())
    if report.plan.applied:
        yield Part(row("Applied to", ", ".join(edited.file for edited in report.plan.files)))
    lines = _continued([visible(word) for word in command], width - LABEL_WIDTH - 1)
    label = "Undo it" if report.plan.applied else "Apply it"
    for number, line in enumerate(lines):
        head = (label if number == 0 else "").ljust(LABEL_WIDTH + 1)
        # Not wrapped, so that it can be copied. The lines end with a backslash, which continues the command.
        yield Part(Text(head).append(line, "bold"), wrapped=False)


def _diff_style(line: str) -> str:
    if line.startswith(("---", "+++")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")


def _continued(words: Sequence[str], width: int) -> list[str]:
    """Return a command in lines of at most ``width`` columns, unless a word is longer."""
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) + 3 <= width or (word is words[-1] and len(lines[-1]) + len(word) < width):
            lines[-1] += f" {word}"
        else:
            lines[-1] += " \\"
            lines.append(f"  {word}")
    return lines


def _instead(report: Report) -> Iterator[Part]:
    """If nothing is changed: the lines that take the time, each with its usual remedy."""
    found = costs(report)
    if not found or report.profile is None:
        return
    yield Part(Text())
    yield Part(Text(f"Where the time goes ({count(report.profile.samples_before or 0, 'sample')})", style="bold"))
    told = set()
    for cost in found:
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=4, justify="right", no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(Text(f"{cost.share:.0%}", style="bold"), Text(visible(cost_text(cost))))
        if REMEDIES[cost.kind] and cost.kind not in told:
            told.add(cost.kind)
            grid.add_row("", Text(REMEDIES[cost.kind], style="dim"))
        yield Part(grid)


def _tried(report: Report, width: int, verbosity: int) -> Iterator[Part]:
    found = tried(report)
    shown = found if verbosity > 0 else found[:_MOST_TRIED]
    if shown:
        yield Part(Text())
        yield from _table(shown, width)
    if len(shown) < len(found):
        yield Part(Text(f"{count(len(found) - len(shown), 'more candidate')} tried; -v lists them.", style="dim"))
    if verbosity > 0:
        yield from _listed(report)
    elif numbers := counts(report):
        yield Part(Text())
        said = ", ".join(f"{number:,} {group.value}" for group, number in numbers)
        yield Part(Text(f"Not listed: {said}. -v lists them.", style="dim"))


def _table(shown: Sequence[Tried], width: int) -> Iterator[Part]:
    longest = max(len("candidate"), *(len(visible(each.name)) for each in shown))
    name_width = min(longest, _LONGEST_NAME)
    wide = width - name_width - 23 >= _REASON_WIDTH
    if not wide:
        name_width = min(longest, max(width - 23, 16))
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=name_width, overflow="fold")
    grid.add_column(width=12, no_wrap=True)
    grid.add_column(width=8, justify="right", no_wrap=True)
    if wide:
        grid.add_column(width=width - name_width - 23, no_wrap=True, overflow="ellipsis")
    titles = ("candidate", "verdict", "gain", "why")
    grid.add_row(*(Text(title, style="bold") for title in titles[: 4 if wide else 3]))
    if wide:
        for each in shown:
            grid.add_row(*_cells(each), Text(_reason(each)))
        yield Part(grid)
        return
    yield Part(grid)
    for each in shown:
        line = Table.grid(padding=(0, 1))
        line.add_column(width=name_width, overflow="fold")
        line.add_column(width=12, no_wrap=True)
        line.add_column(width=8, justify="right", no_wrap=True)
        line.add_row(*_cells(each))
        yield Part(line)
        yield Part(Padding(Text(_reason(each), style="dim", no_wrap=True, overflow="ellipsis"), (0, 0, 0, 2)))


def _cells(each: Tried) -> tuple[Text, Text, Text]:
    verdict = Text(each.verdict, style=_COLOURS[each.judgement.verdict])
    return Text(visible(each.name)), verdict, Text(each.gain, style="bold" if each.judgement.selected else "")


def _reason(each: Tried) -> str:
    return visible(f"in the patch: {each.reason}" if each.judgement.selected else each.reason)


def _listed(report: Report) -> Iterator[Part]:
    """All functions that are otherwise only counted, by reason."""
    for group, number in counts(report):
        yield Part(Text())
        yield Part(Text(f"{count(number, 'function')} {group.value}", style="bold"))
        for judgement in report.judgements:
            if group_of(judgement) is group:
                reason = "" if group is Group.NEVER_CALLED else short_reason(judgement)
                text = Text(visible(name_of(judgement.function)))
                text.append(f"  {visible(reason)}" if reason else "", "dim")
                yield Part(Padding(text, (0, 0, 0, 2)))


def _rows(found: Sequence[tuple[Text, Text]]) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(min_width=LABEL_WIDTH, no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in found:
        grid.add_row(label, text)
    return grid
