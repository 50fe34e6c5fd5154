"""Measures the speedup of a flag alone, XLA's auto-clustering, as a reference row."""

from __future__ import annotations

import time
from dataclasses import replace

from ..work import Work, edits_of


def run(work: Work) -> None:
    """Measure the speedup of XLA's auto-clustering, which needs only a flag, with the rest of the budget."""
    from ...measure.auto_clustering import run_auto_clustering, seconds_needed

    benchmark, selected = work.benchmark, work.selected()
    if benchmark is None or not selected or work.unit is not None:
        return
    if work.left <= seconds_needed(benchmark):
        if work.options.verbosity > 0:
            work.watcher.note("no time is left to measure XLA's auto-clustering for comparison")
        return
    with work.stage("reference", "the original script with and without XLA's auto-clustering, by a flag"):
        found = run_auto_clustering(
            work.target,
            edits_of(selected)[0],
            selected[0].function.line,
            benchmark,
            work.folder,
            deadline=time.monotonic() + work.left,
            steps=work.options.steps,
            length=selected[0].observation.calls if work.observed_whole else None,
        )
        work.benchmark = replace(benchmark, xla_auto_clustering=found)
