"""Shows a run while it works, and its result, to a person at a terminal or in a log."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ...records import Judgement, Report, Verdict
from ..document import to_json
from ..wording import (
    NOTABLE_SHARE,
    apply_command,
    chosen_variant,
    clock,
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

_COLOURS = {
    Verdict.CONFIRMED: "green",
    Verdict.REFUTED: "red",
    Verdict.UNOBSERVED: "yellow",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NOT_PROPOSED: "dim",
}
# A live line is redrawn at most this often, a plain one printed at most this often (seconds).
_REDRAW_SECONDS = 0.1
_PLAIN_SECONDS = 10.0
_PLAIN_SECONDS_VERBOSE = 2.0
_PLAIN_WIDTH = 100
_LABEL_WIDTH = 10
_OTHER_COLUMNS = 30  # What the columns beside the candidate's take, with the space between them.
_SHOWN_UNPROPOSED = 20


class Terminal:
    """A `Watcher` that prints: a live line on a terminal, plain lines elsewhere.

    Text goes to ``stdout``. With ``format`` "json", the report's JSON alone goes there and everything
    else to ``stderr``. ``verbosity`` -1 leaves only the result; from 1 on every function and assumption is
    listed. A reader that went away (a closed pipe) stops the printing, never the run.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        *,
        verbosity: int = 0,
        format: str = "text",
        cwd: Path | None = None,
        width: int | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._json = stdout if format == "json" else None
        self._verbosity = verbosity
        self._cwd = cwd or Path.cwd()
        self._now = now
        self._console = _console(stderr if format == "json" else stdout, width)
        self._live: Live | None = None
        self._begun = now()
        self._drawn = -1e9
        self._stage = ""
        self._warned: set[str] = set()
        self._gone = False

    def stage(self, name: str, detail: str = "") -> None:
        """Print that a stage begins."""
        self._stage = name
        self._drawn = -1e9
        if self._verbosity >= 0:
            self._row(name, detail, "bold")

    def note(self, text: str) -> None:
        """Print something found, below its stage."""
        if self._verbosity >= 0:
            self._row("", text)

    def warn(self, text: str) -> None:
        """Print a warning, once."""
        if text not in self._warned and self._verbosity >= 0:
            self._warned.add(text)
            self._row("warning", text, "yellow")

    def progress(self, text: str, spent_seconds: float, budget_seconds: float) -> None:
        """Show how far the stage is: redrawn in place on a terminal, a line now and then elsewhere."""
        if self._verbosity < 0 or self._gone:
            return
        now = self._now()
        left = f"{clock(max(0.0, budget_seconds - spent_seconds))} left of {clock(budget_seconds)}"
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            if now - self._drawn >= _REDRAW_SECONDS:
                self._drawn = now
                self._guarded(lambda: self._draw(text, left))
            return
        pause = _PLAIN_SECONDS_VERBOSE if self._verbosity > 0 else _PLAIN_SECONDS
        if now - self._drawn >= pause:
            self._drawn = now
            self._row("", f"{text} ({left})")

    def finish(self, report: Report) -> None:
        """Print the result: JSON where that was asked for, else table, numbers, patch and message."""
        self.close()
        if self._json is not None:
            document = json.dumps(to_json(report), indent=2)
            self._guarded(lambda: print(document, file=self._json, flush=True))
            return
        for text in report.warnings:
            if text not in self._warned:
                self._row("warning", text, "yellow")
        self._candidates(report)
        self._numbers(report)
        self._change(report)
        self._print(Text())
        self._print(Text(report.message, style="bold green" if report.exit_code == 0 else "bold red"))

    def close(self) -> None:
        """Take the live line away and give the cursor back; what comes next is printed plainly."""
        live, self._live = self._live, None
        if live is not None:
            self._guarded(live.stop)

    def _print(self, part: RenderableType, *, wrapped: bool = True) -> None:
        self._guarded(lambda: self._console.print(part, soft_wrap=not wrapped))

    def _row(self, label: str, text: str, style: str = "") -> None:
        self._print(_rows([(Text(label, style=style), Text(text))]))

    def _draw(self, text: str, left: str) -> None:
        grid = Table.grid(expand=True, padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        grid.add_column(no_wrap=True, justify="right")
        elapsed = clock(self._now() - self._begun)
        grid.add_row(Text(self._stage.ljust(_LABEL_WIDTH), style="bold cyan"), Text(text), Text(f"{elapsed}, {left}"))
        if self._live is None:
            # No refresh thread: the process that starts children keeps to one thread of its own.
            self._live = Live(
                grid,
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.update(grid, refresh=True)

    def _guarded(self, show: Callable[[], object]) -> None:
        if self._gone:
            return
        try:
            show()
        except OSError:
            self._gone = True
        self._gone = self._gone or self._console.quiet

    def _candidates(self, report: Report) -> None:
        proposed = [judgement for judgement in report.judgements if is_proposed(judgement)]
        others = [judgement for judgement in report.judgements if not is_proposed(judgement)]
        shown = others
        if self._verbosity <= 0:
            # Where something is written that is the news; where nothing is, the question is why not.
            tensors = [judgement for judgement in others if judgement.function.computes_with_tensors is not False]
            tensors.sort(key=own_share, reverse=True)
            notable = [judgement for judgement in tensors if own_share(judgement) >= NOTABLE_SHARE]
            shown = notable if report.plan.edits else tensors[:_SHOWN_UNPROPOSED]
        if proposed or shown:
            self._print(Text())
            header = ("candidate", "verdict", "speedup", "patch")
            self._print(_columns(*(Text(title, style="bold") for title in header)))
        for judgement in (*proposed, *shown):
            name = Text(judgement.function.id)
            if name.cell_len > self._console.width - _OTHER_COLUMNS:
                # On a line of its own and in one piece, so that it can be copied.
                self._print(name, wrapped=False)
                name = Text()
            self._print(
                _columns(
                    name,
                    Text(judgement.verdict.value, style=_COLOURS[judgement.verdict]),
                    Text(ratio(speedup_of(chosen_variant(judgement, report)))),
                    Text("yes" if judgement.selected else ""),
                )
            )
            for line in self._why(judgement, report):
                self._print(Padding(line, (0, 0, 0, 4)))
        if hidden := len(others) - len(shown):
            self._print(Text(f"{count(hidden, 'function')} not proposed; -v lists them.", style="dim"))

    def _why(self, judgement: Judgement, report: Report) -> list[Text]:
        lines = [Text(part) for part in (reasons(judgement),) if part]
        lines += [Text(part, style="dim") for part in (samples(judgement, report),) if part]
        if self._verbosity > 0:
            for checked in judgement.assumptions:
                text = f"{checked.verdict.value}: {checked.assumption.statement} ({checked.evidence})"
                lines.append(Text(text, style="dim"))
            for variant in judgement.variants:
                lines += [Text(f"retraced: {cause}", style="dim") for cause in variant.retrace_causes]
        return lines

    def _numbers(self, report: Report) -> None:
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
            self._print(Text())
            self._print(_rows([(Text(label), Text(text)) for label, text in rows]))

    def _change(self, report: Report) -> None:
        patch = patch_path(report)
        if patch is None:
            return
        self._print(Text())
        if report.plan.applied:
            self._row("Applied", "to " + ", ".join(edited.file for edited in report.plan.files))
            return
        self._row("Patch", shortest(patch, self._cwd))
        command = Text("Apply it".ljust(_LABEL_WIDTH + 1)).append(apply_command(report, self._cwd) or "", "bold")
        # Not wrapped, so that it can be copied.
        self._print(command, wrapped=False)


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
    grid.add_column(min_width=_LABEL_WIDTH, no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in rows:
        grid.add_row(label, text)
    return grid


def _console(stream: TextIO, width: int | None) -> Console:
    is_terminal = stream.isatty() if hasattr(stream, "isatty") else False
    if width is None and not is_terminal:
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isdigit() and int(columns) >= 40 else _PLAIN_WIDTH
    return _Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # Rich would end the process here, and with it the run.
        self.quiet = True
