"""Shows the progress of a run and its result to a person, on a terminal or in a log."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ...records import Report
from ..visible import visible
from ..wording import clock
from .result import LABEL_WIDTH, parts, row

# The fewest seconds between two updates of the live line, and between two plain lines.
_REDRAW_SECONDS = 0.1
_PLAIN_SECONDS = 10.0
_PLAIN_SECONDS_VERBOSE = 2.0
_PLAIN_WIDTH = 100
# The terminal width from which the bar of the budget is shown, and the width of the bar.
_BAR_FROM, _BAR_WIDTH = 80, 14


class Terminal:
    """A `Watcher` that prints: a live line on a terminal, plain lines elsewhere.

    ``verbosity`` -1 prints only the result; from 1 on every function and assumption is listed. A closed pipe stops the
    printing, never the run.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        verbosity: int = 0,
        cwd: Path | None = None,
        width: int | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verbosity = verbosity
        self._cwd = cwd or Path.cwd()
        self._now = now
        self._console = _console(stream, width)
        self._live: Live | None = None
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
        """Print an intermediate result below its stage."""
        if self._verbosity >= 0:
            self._row("", text)

    def warn(self, text: str) -> None:
        """Print a warning, once."""
        if text not in self._warned and self._verbosity >= 0:
            self._warned.add(text)
            self._row("warning", text, "yellow")

    def progress(self, text: str, spent_seconds: float, budget_seconds: float) -> None:
        """Show the progress of the stage: redrawn in place on a terminal, as an occasional line elsewhere."""
        if self._verbosity < 0 or self._gone:
            return
        now = self._now()
        left = f"{clock(max(0.0, budget_seconds - spent_seconds))} left of {clock(budget_seconds)}"
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            if now - self._drawn >= _REDRAW_SECONDS:
                self._drawn = now
                self._guarded(lambda: self._draw(text, left, spent_seconds / budget_seconds if budget_seconds else 1.0))
            return
        pause = _PLAIN_SECONDS_VERBOSE if self._verbosity > 0 else _PLAIN_SECONDS
        if now - self._drawn >= pause:
            self._drawn = now
            self._row("", f"{text} ({left})")

    def finish(self, report: Report) -> None:
        """Print the result."""
        self.close()
        for text in report.warnings:
            if text not in self._warned:
                self._row("warning", text, "yellow")
        for part in parts(report, width=self._console.width, verbosity=self._verbosity, cwd=self._cwd):
            self._print(part.content, wrapped=part.wrapped)

    def close(self) -> None:
        """Remove the live line and restore the cursor. After that, output is printed plainly."""
        live, self._live = self._live, None
        if live is not None:
            self._guarded(live.stop)

    def _print(self, part: RenderableType, *, wrapped: bool = True) -> None:
        self._guarded(lambda: self._console.print(part, soft_wrap=not wrapped))

    def _row(self, label: str, text: str, style: str = "") -> None:
        self._print(row(label, text, style))

    def _draw(self, text: str, left: str, used: float) -> None:
        grid = Table.grid(expand=True, padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        grid.add_column(no_wrap=True, justify="right")
        cells: list[RenderableType] = [Text(self._stage.ljust(LABEL_WIDTH), style="bold cyan"), Text(visible(text))]
        if self._console.width >= _BAR_FROM:
            grid.add_column(width=_BAR_WIDTH)
            cells.append(Text(left))
            cells.append(ProgressBar(total=1.0, completed=min(used, 1.0), width=_BAR_WIDTH))
        else:
            cells.append(Text(left))
        grid.add_row(*cells)
        if self._live is None:
            # No refresh thread: a process that starts children should have a single thread.
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


def _console(stream: TextIO, width: int | None) -> Console:
    is_terminal = stream.isatty() if hasattr(stream, "isatty") else False
    if width is None and not is_terminal:
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isdigit() and int(columns) >= 40 else _PLAIN_WIDTH
    return _Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # By default Rich ends the process here, and so the run.
        self.quiet = True
