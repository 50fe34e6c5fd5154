"""What a person sees of a run."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from hybridize.report.terminal.live import Terminal


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def shown(report, *, width=100, **options) -> str:
    stream = io.StringIO()
    Terminal(stream, width=width, **options).finish(report)
    return stream.getvalue()


def test_stages_notes_and_warnings_are_plain_lines_in_a_log(report):
    out = io.StringIO()
    terminal = Terminal(out, width=80)
    terminal.stage("observe", "running train.py")
    terminal.note("3 candidates")
    terminal.warn("it writes to /data")
    terminal.warn("it writes to /data")
    assert [line.split(maxsplit=1) for line in out.getvalue().splitlines()[:3:2]] == [
        ["observe", "running train.py"],
        ["warning", "it writes to /data"],
    ]
    assert out.getvalue().splitlines()[1].strip() == "3 candidates"
    terminal.finish(replace(report, warnings=("it writes to /data", "and more")))
    assert out.getvalue().count("it writes to /data") == 1 and "and more" in out.getvalue()


def test_progress_does_not_flood_a_log():
    out, clock = io.StringIO(), Clock()
    terminal = Terminal(out, width=80, now=clock)
    terminal.stage("measure")
    for tenth in range(600):
        clock.time = tenth / 10
        terminal.progress(f"pair {tenth // 100}", clock.time, 300.0)
    lines = [line for line in out.getvalue().splitlines() if "left of 5m00s" in line]
    assert len(lines) == 6


@pytest.mark.slow
def test_progress_is_one_living_line_on_a_terminal(report, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    out, clock = Tty(), Clock()
    terminal = Terminal(out, width=80, now=clock)
    terminal.stage("measure")
    for tick in range(1000):
        clock.time = tick / 100
        terminal.progress(f"pair {tick // 500}", clock.time, 300.0)
    drawn = out.getvalue()
    assert 90 <= drawn.count("left of 5m00s") <= 101
    terminal.finish(report)
    # The cursor is hidden while the line lives and comes back before the result.
    assert "\x1b[?25l" in drawn and "\x1b[?25h" in out.getvalue()[len(drawn) :]


def test_quiet_shows_the_result_alone(report):
    out = io.StringIO()
    terminal = Terminal(out, verbosity=-1, width=80)
    terminal.stage("observe")
    terminal.note("x")
    terminal.warn("important")
    terminal.progress("x", 1, 2)
    assert out.getvalue() == ""
    terminal.finish(replace(report, warnings=("important",)))
    assert "important" in out.getvalue() and report.message in squeezed_lines(out.getvalue())


def squeezed_lines(text: str) -> str:
    return re.sub(r"\s+", " ", text)


class Closed(io.StringIO):
    def write(self, text):
        raise BrokenPipeError

    def flush(self):
        raise BrokenPipeError


def test_a_reader_that_goes_away_does_not_end_the_run(report):
    terminal = Terminal(Closed(), width=80)
    terminal.stage("observe")
    terminal.progress("x", 1, 2)
    terminal.finish(report)
    terminal.close()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_living_line_fits_the_terminal_and_shows_the_budget(report, monkeypatch, width):
    monkeypatch.setenv("TERM", "xterm")
    out = Tty()
    terminal = Terminal(out, width=width)
    terminal.stage("check")
    terminal.progress("train:Trainer.step: \x1b[2J" + "a long name of a candidate " * 9, 60.0, 300.0)
    line = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue()).splitlines()[-1]
    assert cell_len(line) <= width and "4m00s left of 5m00s" in line and "\x1b[2J" not in out.getvalue()
    assert ("━" in line) == (width >= 80)
    terminal.close()
