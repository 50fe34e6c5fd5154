"""The plan: the edits of the chosen candidates as text, and whether they can pay off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..measure.bounds import expected_gain, groups_needed, why_hopeless
from ..measure.seats import LEAST_TURNS
from ..measure.turns import TURN_SECONDS
from ..records import Judgement, Plan, Reason, Scan
from ..report.wording import duration
from . import remainder
from .pacing import pace_of
from .work import Work, edits_of

#: The processes of a group of the measurement, the fewest turns of each before those that count, and the fewest groups
#: that give an interval.
ARMS, WARM_TURNS, FEWEST_GROUPS = 3, 3, 2
#: A gain is small below this multiple of the gain that --min-speedup asks for. If the script's length is known, these
#: seconds may be spent on showing it, or what is allowed if there is no patch.
SMALL, SMALL_SECONDS = 3.0, 30.0


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


def drop_undecidable(work: Work, scan: Scan) -> None:
    """Take the plan back if its gain is too small to be shown in the time that it is worth. It need not be measured."""
    from ..measure.selection import deselect

    chosen = work.selected()
    if not chosen or work.unit is not None:
        return
    gain, least = expected_gain(chosen), work.options.min_speedup
    seconds, left = _seconds_of_group(work, chosen), work.left - remainder.kept(work)
    worth = left
    if gain - 1 < SMALL * (least - 1):
        worth = min(left, max(SMALL_SECONDS, remainder.without_patch(work)))
    needed = groups_needed(gain, least)
    if needed <= max(FEWEST_GROUPS, worth // seconds):
        return
    why = f"by the timings of the check, each step could be {gain:.2f} times as fast at best, "
    if gain < least:
        why += f"and --min-speedup asks for {least:.2f}"
    else:
        why += f"and to show so little takes about {duration(needed * seconds)} more; "
        if needed * seconds > left:
            why += f"{duration(left)} are left: use a longer --budget"
        else:
            own = duration(work.own_seconds or 0.0)
            why += f"that is long for a script of {own}: ask for it with a smaller --min-speedup"
    work.unmeasured = why
    work.add([deselect(j, Reason("not-measured", f"not measured: {why}")) for j in chosen])
    work.watcher.note(why)
    set_plan(work, scan)


def _seconds_of_group(work: Work, chosen: Sequence[Judgement]) -> float:
    """The estimated seconds of a group of the measurement with the fewest turns."""
    pace = pace_of(work, chosen[0], chosen)
    turns = (WARM_TURNS + LEAST_TURNS) * max(pace.unit, TURN_SECONDS)
    return ARMS * (pace.start + turns) + pace.traces
