"""Runs the edited script once more, as the user will: to its end, with nothing hooked."""

from __future__ import annotations

from ...errors import ran_out_of_memory
from ...records import RunOutcome, Scan
from .. import remainder
from ..failures import has_failed
from ..work import Work


def run(work: Work, scan: Scan) -> None:
    """Run the script with the patch, if the original reached its end in the observed run and there is time.

    All other runs hook a function, or end before the script does. Code that treats a function as an object (copies,
    pickles or inspects it) finds the hook there, and code after the last compared step is not run. If the script fails,
    the benchmark gets a `Crash`.
    """
    from ...measure.benchmark import refuted
    from ...measure.turns import crash_of

    benchmark = work.benchmark
    seconds = remainder.seconds_to_end(work)
    if benchmark is None or benchmark.verdict != "faster" or not work.plan.edits or work.left < seconds:
        return
    with work.stage("last run", "the edited script as you will run it, to its end"):
        run = work.run_with(scan)
        edited = run.alone(work.plan.files, work.left, "last")
        if _has_failed(edited) and not _has_failed(run.alone((), work.left, "last-original")):
            work.benchmark = refuted(benchmark, crash_of(edited, timed=False))


def _has_failed(outcome: RunOutcome) -> bool:
    """Whether a run failed by itself: not for want of memory or of a connection."""
    refused = outcome.contacts.stopped
    return has_failed(outcome) and not refused and not ran_out_of_memory(outcome)
