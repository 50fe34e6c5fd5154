"""The plan: the edits of the chosen candidates, as text, and when there is no use in any."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..measure.bounds import why_hopeless
from ..records import Plan, Reason, Scan
from .work import Work, edits_of


def set_plan(work: Work, scan: Scan) -> None:
    """Make the plan of the candidates that are selected by now: their edits, and the patch."""
    from ..report.folder import PATCH_FILE
    from ..rewrite import diff

    edits = edits_of(work.selected())
    files, skips = work.edit(Path(scan.root), edits)
    files = tuple(replace(edited, diff=diff(edited)) for edited in files)
    for skip in skips:
        work.warn(f"{skip.candidate}: {skip.reason}")
    work.plan = Plan(tuple(edits), files, PATCH_FILE if files else None)


def drop_hopeless(work: Work) -> None:
    """Take the edits out of the plan where all of them together can't pay: they need not be run or measured."""
    from ..measure.selection import NOT_WORTH_IT, deselect

    why = why_hopeless(work.selected(), work.options.min_speedup)
    if why is not None:
        work.no_gain = why
        work.add([deselect(j, Reason(NOT_WORTH_IT, f"not worth an edit: {why}")) for j in work.selected()])
        work.watcher.note(why)
