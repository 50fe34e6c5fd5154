"""Runs the plan from a cold start, and takes out what does not stand that."""

from __future__ import annotations

from ...records import Scan, Verdict
from ...report.wording import count
from .. import pacing, remainder
from ..planning import set_plan
from ..trial import ColdTrial
from ..work import Work


def run(work: Work, scan: Scan) -> None:
    """Run the plan from a cold start, and take out what does not stand that.

    Candidates that the plan has no use for are run cold later: confirmed means run as it would be written.
    """
    chosen = work.selected()
    if chosen:
        with work.stage("cold start", f"{count(len(chosen), 'candidate')} from the start of a fresh process"):
            often = [
                j
                for j in work.judgements.values()
                if j.verdict is Verdict.CONFIRMED and (j.selected or pacing.is_soon_called(j, chosen[0]))
            ]
            work.trial = ColdTrial(work, scan, chosen[0], often)
            work.drift = work.trial.settle_plan(chosen)
    set_plan(work, scan)
    remainder.postpone(work)
