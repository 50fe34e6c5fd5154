"""The candidates that the patch does not need. They run from a cold start last, if the budget allows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from ..measure.selection import NOT_WORTH_IT
from ..records import Judgement, Move, Reason, Scan, Verdict
from ..report.wording import count
from .pacing import FEWEST_UNITS, cold_seconds
from .work import Work

if TYPE_CHECKING:
    from .trial import ColdTrial

#: If there is nothing to write, the whole run of the tool takes at most this multiple of the script's own time, or
#: these seconds.
OWN_TIMES, OWN_SECONDS = 3.0, 20.0
#: The largest share of the remaining time that the measurement may be asked to leave for these runs.
MOST_PART = 0.15
#: The same for the run of the edited script to its end, which takes this many seconds longer than the script alone.
MOST_END_PART, END_SECONDS = 0.25, 5.0
NOT_RUN = Reason(
    "not-run-cold", "it was not run in a fresh process, because the patch does not need it", move=Move.BUDGET
)


def postpone(work: Work) -> None:
    """Postpone the cold start of candidates that agreed in the check but are not in the plan. Until then they are not
    confirmed."""
    for judgement in list(work.judgements.values()):
        if judgement.verdict is Verdict.CONFIRMED and not judgement.selected:
            work.waiting[judgement.function.id] = judgement
            work.add([replace(judgement, verdict=Verdict.INCONCLUSIVE, reasons=(*judgement.reasons, NOT_RUN))])


def allowance(work: Work) -> float:
    """The seconds for runs that do not change the patch. They are few if there is no patch."""
    return work.left if work.selected() else without_patch(work)


def without_patch(work: Work) -> float:
    """The seconds that are left if there is no patch."""
    if work.own_seconds is None:
        return work.left
    return min(work.left, max(0.0, max(OWN_SECONDS, OWN_TIMES * work.own_seconds) - work.spent))


def has_room(work: Work, trial: ColdTrial) -> bool:
    """Whether there is time for at least the first units of the postponed cold start, which only gives a verdict."""
    return _seconds(trial, FEWEST_UNITS) <= allowance(work)


def kept(work: Work) -> float:
    """The seconds that the measurement leaves for the postponed cold start and for the run to the script's end: 0 for
    what would cost it much."""
    end = seconds_to_end(work)
    end = end if end <= MOST_END_PART * work.left else 0.0
    trial = work.trial
    if trial is None or not work.waiting:
        return end
    most = MOST_PART * work.left
    return end + (min(most, _seconds(trial, trial.steps)) if _seconds(trial, FEWEST_UNITS) <= most else 0.0)


def seconds_to_end(work: Work) -> float:
    """The seconds that the edited script needs from start to end; infinite if the original did not reach its end."""
    return math.inf if work.own_seconds is None else work.own_seconds + END_SECONDS


def _seconds(trial: ColdTrial, units: int) -> float:
    return cold_seconds(trial.pace, min(units, trial.steps), 1 if trial.references else 3)


def prove(work: Work, scan: Scan, patient: bool = True) -> None:
    """Run the postponed cold start; unless ``patient``, only if it is short compared with the run so far."""
    from .trial import ColdTrial

    waiting = [_latest(work, judgement) for judgement in work.waiting.values()]
    if not waiting:
        return
    trial = work.trial or ColdTrial(work, scan, max(waiting, key=lambda j: j.observation.seconds), waiting)
    trial.turn_to(waiting)
    if not patient and not has_room(work, trial):
        return
    with work.stage("cold start", f"{count(len(waiting), 'candidate')} that the patch does not need"):
        work.waiting.clear()
        work.add(waiting)
        trial.settle(waiting, "rest")


def _latest(work: Work, judgement: Judgement) -> Judgement:
    """Its current judgement, as it was before it was postponed."""
    now = work.judgements[judgement.function.id]
    reasons = tuple(reason for reason in now.reasons if reason != NOT_RUN)
    return replace(now, verdict=judgement.verdict, reasons=reasons)


def why_not(work: Work) -> str:
    """Why the candidate that took the most time is not worth an edit, if none of the postponed ones is."""
    idle = [j for j in work.judgements.values() if j.function.id in work.waiting]
    hottest = max(idle, key=lambda j: j.observation.seconds, default=None)
    if hottest is None or any(
        j.observation.seconds > hottest.observation.seconds
        for j in work.judgements.values()
        if j.verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE) and j.function.id not in work.waiting
    ):
        return ""
    refusal = next((reason.message for reason in hottest.reasons if reason.code == NOT_WORTH_IT), "")
    share = f"{hottest.function.id}, with {hottest.observation.share:.0%} of the time, is "
    return f"{share}{refusal}" if refusal else ""
