"""Runs the plan from a cold start, and removes the candidates that fail."""

from __future__ import annotations

from ...records import Scan, Verdict
from ...report.wording import count
from .. import pacing, remainder
from ..planning import set_plan
from ..trial import ColdTrial
from ..work import Work


def run(work: Work, scan: Scan) -> None:
    """Run the plan from a cold start, and remove the candidates that fail.

    Candidates outside of the plan get their cold run later, because "confirmed" means run in the form to be written.
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
