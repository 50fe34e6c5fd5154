"""The plan: the edits of the chosen candidates as text, and whether they can pay off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..measure.bounds import why_hopeless
from ..records import Plan, Reason, Scan
from .work import Work, edits_of


def set_plan(work: Work, scan: Scan) -> None:
    """Make the plan of the currently selected candidates: their edits, and the patch."""
    from ..report.folder import PATCH_FILE
    from ..rewrite import diff

    edits = edits_of(work.selected())
    files, refused = work.edit(Path(scan.root), edits)
    files = tuple(replace(edited, diff=diff(edited)) for edited in files)
    for name, reason in refused.items():
        work.warn(f"{name}: {reason.message}")
    work.plan = Plan(tuple(edits), files, PATCH_FILE if files else None)


def drop_hopeless(work: Work) -> None:
    """Remove the edits from the plan if all of them together can't pay off. They need not be run or measured."""
    from ..measure.selection import NOT_WORTH_IT, deselect

    why = why_hopeless(work.selected(), work.options.min_speedup)
    if why is not None:
        work.no_gain = why
        work.add([deselect(j, Reason(NOT_WORTH_IT, f"not worth an edit: {why}")) for j in work.selected()])
        work.watcher.note(why)
