"""Moves training steps that are plain statements into functions, and proves that the program stays the same.

Then each is a candidate like any other. The script with all of these functions is observed and checked. The plan
contains only the selected ones; it is run cold and measured against the original script.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from ...records import Action, Confidence, Edit, Judgement, Reason, Scan, Verdict
from ...report.wording import count
from ..parting import refuted_parts
from ..proposals import is_wanted
from ..work import Work
from . import scan

#: The share of the budget for all runs of the proof, the limit in multiples of the script's own time, and the least
#: seconds.
SHARE, OWN_TIMES, LEAST_SECONDS = 0.15, 3.0, 20.0
#: The share of the budget if a training step is reached late, for example after a replay buffer has filled.
LATE_SHARE = 0.3
#: The share of the remaining time that another scan, for the rest of refuted functions, may take.
SCAN_SHARE = 0.05


def wanted(work: Work) -> list[Judgement]:
    """The regions that may become functions and that the user did not exclude."""
    if work.options.rewrite == "decorate":
        return []
    return [
        judgement
        for judgement in work.judgements.values()
        if judgement.function.region is not None
        and judgement.function.proposal is Action.EXTRACT
        and judgement.function.id not in work.left_alone
        and is_wanted(work, judgement.function)
    ]


def run(work: Work, found: Scan) -> bool:
    """Move the regions into functions and prove them. Returns whether any was proved; then the script must be scanned
    again.
    """
    from ...dynamic.parent.outlines import UNCOMPARED, Comparison
    from ...rewrite import edit_project

    judgements = wanted(work)
    if not judgements:
        return False
    root = Path(found.root)
    with work.stage("outline", f"{count(len(judgements), 'region')} made a function, still eager"):
        standing = list(work.outlines)
        compared = Comparison(work.run_with(found))
        seconds = work.share(SHARE, least=LEAST_SECONDS)
        if work.own_seconds is not None:
            seconds = min(seconds, max(LEAST_SECONDS, OWN_TIMES * work.own_seconds))
        longest = max(seconds, work.share(LATE_SHARE, least=LEAST_SECONDS))
        end = time.monotonic() + longest + 2 * seconds
        # Validation comes after training, so only training steps are worth waiting for.
        steps = {j.function.id for j in judgements if j.function.confidence is Confidence.HIGH}
        together = [edit_of(judgement) for judgement in judgements]
        # First all at once. If that changes the program, one after the other.
        tries = [together] if len(together) == 1 else [together, *([edit] for edit in together)]
        for edits in tries:
            left = min(work.left, end - time.monotonic())
            if left < LEAST_SECONDS / 2 or work.left < LEAST_SECONDS:
                _drop(work, edits, "there was no time to prove that moving it into a function changes nothing")
                continue
            files, refused = edit_project(root, [*standing, *edits])
            wrong = next((each.message for each in refused.values()), "")
            reorders = any(edit.region is not None and edit.region.ahead for edit in [*standing, *edits])
            wrong = wrong or compared.differs(
                files, min(seconds, left), min(longest, left), steps, may_reorder=reorders
            )
            if not wrong:
                missed = [edit for edit in edits if not compared.reached(edit.candidate)]
                _drop(work, missed, UNCOMPARED)
                standing += [edit for edit in edits if edit not in missed]
                if edits is together:
                    break
            elif edits is not together or len(together) == 1:
                _drop(work, edits, f"moved into a function, it makes the script a different program: {wrong}")
        if len(standing) == len(work.outlines):
            return False
        work.outlines = tuple(standing)
        work.base, _ = edit_project(root, standing)
        assert compared.outlined is not None
        operations = int(compared.outlined.report.get("operations", 0))
        for edit in standing:
            if edit.candidate in work.outlined_as:
                continue
            assert edit.region is not None
            compared_as = f"it is the same program: {operations:,} operations compared"
            if compared.reordered and edit.region.ahead:
                compared_as += ", some of which now run earlier in their step"
            said = f"moved into a function, {edit.region.name}, and still eager, {compared_as}"
            work.outlined_as[edit.candidate] = Reason("outlined", said)
            work.watcher.note(f"{edit.candidate}: {said}")
    return True


def part(work: Work) -> Scan | None:
    """Move the rest of functions that a run has refuted (`refuted_parts`) into new functions.

    Returns the scan of the script with the new functions. If there are none, returns None and restores ``work``.
    """
    places = {} if work.options.rewrite == "decorate" else refuted_parts(work)
    # The scan of a large project is slow, and most refuted functions leave no rest.
    if not places or work.timings.get("scan", 0.0) > SCAN_SHARE * work.left:
        return None
    before, target = dict(work.judgements), work.target
    work.parted.update({name: before[name] for name in places})
    found = scan.run(work, work.seen_modules, places)
    if run(work, found):
        return scan.run(work, work.seen_modules)
    for name in places:
        del work.parted[name]
    left_alone = [j for name, j in work.judgements.items() if name in work.left_alone and name not in before]
    work.judgements.clear()
    work.target = target
    work.add([*before.values(), *left_alone])
    return None


def edit_of(judgement: Judgement) -> Edit:
    """The edit that moves a region into a function, still eager."""
    function = judgement.function
    return Edit(function.id, function.file, function.line, function.qualname, Action.EXTRACT, region=function.region)


def _drop(work: Work, edits: list[Edit], why: str) -> None:
    for edit in edits:
        judgement = work.judgements[edit.candidate]
        work.left_alone[edit.candidate] = reason = Reason("not-outlined", why)
        work.add([Judgement(judgement.function, Verdict.NOT_PROPOSED, (reason,))])
        work.watcher.note(f"{edit.candidate}: left as it is, {why}")


def tell(work: Work) -> None:
    """Add the proof of its outlining to each outlined candidate's reasons."""
    for name, reason in work.outlined_as.items():
        judgement = work.judgements.get(name)
        if judgement is not None and reason not in judgement.reasons:
            work.add([replace(judgement, reasons=(*judgement.reasons, reason))])
