"""What a person sees of a run."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest

from hybridize.records import Peaks, Plan
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


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("verbosity", [0, 1])
def test_nothing_is_cut_off_at_any_width(report, width, verbosity):
    text = shown(report, width=width, verbosity=verbosity)
    # Not the command nor an id without room, which are in one piece so that they can be copied.
    ids = {judgement.function.id for judgement in report.judgements}
    lines = [line for line in text.splitlines() if not line.startswith("Apply it") and line not in ids]
    assert max(len(line.rstrip()) for line in lines) <= width
    assert "…" not in text
    for judgement in report.judgements[:3]:
        assert judgement.function.id in text
        for reason in judgement.reasons:
            assert squeezed(reason.message) in squeezed(text)
    assert squeezed(report.message) in squeezed(text)


def test_the_table_says_verdict_speedup_reason_and_what_it_rests_on(report):
    text = shown(report, width=140)
    row = next(line for line in text.splitlines() if line.startswith("train:step"))
    assert row.split() == ["train:step", "confirmed", "7.94x", "yes"]
    assert "the graph gave what eager gave in 40 of 40 calls" in text
    assert "4,000 calls, 2 signatures, 83% of the time, 212 ops a call, 2 traces" in text
    assert "1.23 ms eager and 155 µs graph a call" in text
    assert "self.losses grew by one element in 4,000 of 4,000 calls (train.py:44)" in text
    assert re.search(r"train:evaluate +unobserved *\n +never called in this run", text)


def test_functions_that_were_not_proposed_are_counted_and_listed_with_v(report):
    assert "2 functions not proposed; -v lists them." in shown(report)
    text = shown(report, verbosity=1)
    assert "prints the loss (HYB101)" in text and "is hybrid already: @tf.function" in text
    assert "confirmed: log keeps nothing (4,000 calls)" in text
    assert "retraced: x: (17, 10)" in text


def test_where_nothing_was_proposed_every_function_is_told_why(report):
    text = shown(replace(report, judgements=report.judgements[3:], plan=Plan(), benchmark=None, drift=None))
    assert "prints the loss (HYB101)" in text and "is hybrid already" in text
    assert "Speedup" not in text and "Apply it" not in text


def test_the_scripts_numbers_come_with_their_sample_counts(report):
    text = shown(report, width=200)
    assert "7.90x in the steady state, 95% interval 7.50x to 8.30x (5 pairs, 2,000 units of train:step)" in text
    assert "1.02x between identical eager processes" in text
    assert "1.40x over start-up, traces and the units that were run; the script is longer" in text
    reckoned = replace(report, benchmark=replace(report.benchmark, script_units=40_000))
    said = " ".join(shown(reckoned).split())
    assert "1.40x over the whole script of 40,000 units, extrapolated from the steady state" in said
    assert "900 ms more than eager, won back after 830 units" in text
    assert "612 MB eager, 640 MB edited, at the peak\n" in re.sub(" +\n", "\n", text)
    peaks = Peaks(2_000_000_000, 3_000_000_000)
    on_device = replace(report, benchmark=replace(report.benchmark, peak_device_bytes=peaks))
    assert "at the peak; on the device 2,000 MB eager, 3,000 MB edited" in shown(on_device, width=200)
    assert "none (L2): 40 of 40 steps" in text


def test_what_was_not_measured_is_not_made_up(report):
    poor = replace(
        report.benchmark,
        speedup=None,
        noise_floor=None,
        steady_state_speedup=None,
        end_to_end_speedup=None,
        cold_start_seconds=None,
        peak_rss_bytes=None,
        verdict="inconclusive",
    )
    text = shown(replace(report, benchmark=poor), width=200)
    assert "Speedup    not measured" in text and "inconclusive" in text
    for label in ("Noise", "End to end", "Cold start", "Memory"):
        assert label not in text


def test_the_last_line_is_the_one_to_read(report):
    assert shown(report).rstrip().splitlines()[-1] == report.message


def test_applied_edits_need_no_command(report):
    text = shown(replace(report, plan=replace(report.plan, applied=True)))
    assert "Applied    to train.py" in text and "Apply it" not in text


def test_markup_in_the_users_names_is_text(report):
    text = shown(replace(report, message="[bold]loss[/bold] :smile: [link=x]"))
    assert "[bold]loss[/bold] :smile: [link=x]" in text


def test_stages_notes_and_warnings_are_plain_lines_in_a_log(report):
    out = io.StringIO()
    terminal = Terminal(out, width=80)
    terminal.stage("observe", "running train.py")
    terminal.note("3 candidates")
    terminal.warn("it writes to /data")
    terminal.warn("it writes to /data")
    assert [line.rstrip() for line in out.getvalue().splitlines()] == [
        "observe    running train.py",
        "           3 candidates",
        "warning    it writes to /data",
    ]
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
