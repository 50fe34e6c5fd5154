"""The candidates that a patch has no use for: they are run cold last, where the budget has room for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..measure.selection import NOT_NEEDED
from ..records import Judgement, Scan, Verdict
from ..report.wording import count
from .pacing import cold_seconds
from .work import Work

if TYPE_CHECKING:
    from .trial import ColdTrial

#: Where nothing is to be written, the whole run of the tool takes no more than so many times the script's own time for
#: it, or so many seconds.
OWN_TIMES, OWN_SECONDS = 3.0, 20.0
NOT_RUN = "it was not run from a cold start, since the patch has no use for it"


def postpone(work: Work) -> None:
    """Put off the cold run of what agreed in the check and is not in the plan. Until then it is not confirmed."""
    for judgement in list(work.judgements.values()):
        if judgement.verdict is Verdict.CONFIRMED and not judgement.selected:
            work.waiting[judgement.function.id] = judgement
            work.add([replace(judgement, verdict=Verdict.INCONCLUSIVE, reasons=(*judgement.reasons, NOT_RUN))])


def allowance(work: Work) -> float:
    """The seconds that may go on what changes nothing in the patch; few, where there is none."""
    if work.own_seconds is None or work.selected():
        return work.left
    return min(work.left, max(0.0, max(OWN_SECONDS, OWN_TIMES * work.own_seconds) - work.spent))


def has_room(work: Work, trial: ColdTrial) -> bool:
    """Whether there is time to run cold what was put off, for the verdict alone."""
    return cold_seconds(trial.pace, trial.steps, 1 if trial.references else 3) <= allowance(work)


def prove(work: Work, scan: Scan, patient: bool = True) -> None:
    """Run cold what was put off; without being ``patient`` only where that takes little beside what the run took."""
    from .trial import ColdTrial

    waiting = [_latest(work, judgement) for judgement in work.waiting.values()]
    if not waiting:
        return
    trial = work.trial or ColdTrial(work, scan, max(waiting, key=lambda j: j.observation.seconds), waiting)
    trial.turn_to(waiting)
    if not patient and not has_room(work, trial):
        return
    with work.stage("cold start", f"{count(len(waiting), 'candidate')} that the patch has no use for"):
        work.waiting.clear()
        work.add(waiting)
        trial.settle(waiting, "rest")


def _latest(work: Work, judgement: Judgement) -> Judgement:
    """What is known of it by now, as it was before it was put off."""
    now = work.judgements[judgement.function.id]
    reasons = tuple(reason for reason in now.reasons if reason != NOT_RUN)
    return replace(now, verdict=judgement.verdict, reasons=reasons)


def why_not(work: Work) -> str:
    """Why the candidate that took the most time is not worth an edit, where that is so of all that was put off."""
    idle = [j for j in work.judgements.values() if j.function.id in work.waiting]
    hottest = max(idle, key=lambda j: j.observation.seconds, default=None)
    if hottest is None or any(
        j.observation.seconds > hottest.observation.seconds
        for j in work.judgements.values()
        if j.verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE) and j.function.id not in work.waiting
    ):
        return ""
    refusal = next((reason for reason in hottest.reasons if reason.startswith(NOT_NEEDED[1])), "")
    share = f"{hottest.function.id}, with {hottest.observation.share:.0%} of the time, is "
    return f"{share}{refusal}" if refusal else ""
