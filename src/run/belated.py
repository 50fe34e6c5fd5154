"""The candidates that the script calls too rarely for the check. They are compared last, with the rest of the budget.

An evaluation between many training steps takes little time, so neither the observed run nor the check waits for it. The
edited script reaches its calls sooner, and its plan has agreed with the original. So what the plan does not contain is
compared in the edited script: first call by call, then from a cold start, where the edited script with the candidate
runs next to the edited script without it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..measure.costs import base_result, trace_seconds
from ..options import LEAST_CALLS
from ..records import Benchmark, Judgement, Reason, Scan, Variant, Verdict
from ..report.wording import count
from . import remainder
from .pacing import cold_seconds, pace_of
from .work import Work, edits_of

if TYPE_CHECKING:
    from ..dynamic.parent.proof import Observed

#: The codes of verdicts that only say that too little was seen.
OPEN = frozenset({"few-calls", "little-evidence", "one-trace", "not-reached"})
#: The largest share of the budget for these runs: the functions take little time, so their verdicts matter little.
SHARE = 0.25
#: The check may take this many times its estimated seconds; by itself it goes on for up to half as long again, or this
#: many times as long for a change that the source announces.
SLACK, OVER, OVER_AWAITING = 1.5, 1.5, 2.4


def prove(work: Work, scan: Scan) -> None:
    """Compare the candidates that were called too rarely, if the time allows."""
    from ..measure.phases import callers_of

    observed = work.observed
    late = [] if observed is None else [j for j in work.judgements.values() if _is_late(work, observed, j)]
    plan = work.selected() if work.benchmark is not None and work.benchmark.verdict == "faster" else []
    names = {judgement.function.id for judgement in plan}
    inside = [j for j in late if callers_of(j.function.id, work.judgements) & names]
    for some, under in (([j for j in late if j not in inside], plan), (inside, [])):
        if observed is not None and some:
            _Belated(work, scan, observed, under).prove(some)


def _is_late(work: Work, observed: Observed, judgement: Judgement) -> bool:
    """Whether a candidate that takes little time was called too rarely, and more calls can be seen."""
    from ..dynamic.parent.proof import MINOR_SHARE

    seen, row = judgement.observation, observed.rows.get(judgement.function.id)
    if judgement.verdict is not Verdict.INCONCLUSIVE or judgement.reasons[0].code not in OPEN or row is None:
        return False
    if row.blind or not seen.calls or seen.share >= MINOR_SHARE or judgement.function.id in observed.growing:
        return False
    # Fewer calls in a whole script have been repeated. With --steps, the user wants no longer run.
    return seen.calls >= LEAST_CALLS if row.whole else not work.options.steps


class _Belated:
    """Compares candidates in the script with the edits of ``plan``, which contains none of their calls."""

    def __init__(self, work: Work, scan: Scan, observed: Observed, plan: Sequence[Judgement]) -> None:
        self.work, self.scan, self.observed, self.plan = work, scan, observed, plan
        #: The seconds that the edited script takes for a second of the original's training.
        self.pace = _pace(plan[0], work.benchmark) if plan else 1.0

    def prove(self, late: Sequence[Judgement]) -> None:
        """Compare those candidates for whose calls there is time, and run what agrees from a cold start."""
        from .trial import ColdTrial

        soon = sorted(late, key=lambda j: self._training(j, LEAST_CALLS))
        while soon and self._seconds(soon) > self._room(soon):
            soon.pop()
        if not soon:
            return
        found = self._check(soon)
        self.work.add(found)
        agreed = [judgement for judgement in found if judgement.verdict is Verdict.CONFIRMED]
        if not agreed:
            return
        with self.work.stage("cold start", f"{count(len(agreed), 'candidate')} that the script calls rarely"):
            unit = self._unit(agreed)
            trial = ColdTrial(self.work, self.scan, unit, agreed, under=self.plan, far=self._units(unit, agreed))
            trial.pace, trial.kept = replace(trial.pace, unit=trial.pace.unit * self.pace), 0.0
            trial.settle(agreed, "late")

    def _check(self, late: Sequence[Judgement]) -> list[Judgement]:
        """Compare calls of ``late``, eager against graph. Returns the judgements that are decided now."""
        from ..dynamic.parent.proof import check
        from ..measure.selection import select

        work, where = self.work, "edited script" if self.plan else "script"
        run = work.run_with(self.scan)
        run = replace(run, outlines=(*run.outlines, *edits_of(self.plan)))
        observed = replace(self.observed, open=tuple(judgement.function for judgement in late))
        over = OVER if work.observed_whole else OVER_AWAITING
        seconds = min(SLACK * self._seconds(late), self._room(late) / over)
        with work.stage("check", f"{count(len(late), 'candidate')} that the {where} calls rarely"):
            judged = check(run, observed, seconds, {j.function.id: Variant() for j in late}, "check-late")
        decided = {j.function.id: j for j in judged if j.verdict is not Verdict.INCONCLUSIVE}
        chosen = select([decided.get(j.function.id, j) for j in work.judgements.values()])
        said = Reason("compared-late", f"the script calls it rarely, so it was compared last, in the {where}")
        return [
            replace(judgement, selected=False, reasons=(*judgement.reasons, said))
            for judgement in chosen
            if judgement.function.id in decided
        ]

    def _training(self, judgement: Judgement, calls: int) -> float:
        """The estimated seconds of training until so many calls, as if the observed ones were evenly spaced."""
        seen = judgement.observation
        since = max(0.0, self.work.training_seconds - seen.first_seconds)
        return self.pace * (seen.first_seconds + since * calls / seen.calls)

    def _start(self) -> float:
        """The seconds before the training, and of the traces of the plan."""
        results = [result for each in self.plan if (result := base_result(each)) is not None]
        return self.work.startup_seconds + sum(trace_seconds(result) * result.traces for result in results)

    def _seconds(self, late: Sequence[Judgement]) -> float:
        """The estimated seconds of a check."""
        return self._start() + max(self._training(judgement, LEAST_CALLS) for judgement in late)

    def _room(self, late: Sequence[Judgement]) -> float:
        """The seconds that a check may take, so that there is time for the cold start."""
        unit = self._unit(late)
        pace = pace_of(self.work, unit, self.plan)
        cold = cold_seconds(replace(pace, unit=pace.unit * self.pace), self._units(unit, late), 3)
        return min(remainder.allowance(self.work), SHARE * self.work.options.budget_seconds) - cold

    def _unit(self, late: Sequence[Judgement]) -> Judgement:
        """The step of the cold runs: the plan's, or the candidate with the most time."""
        if self.plan:
            return self.plan[0]
        agreed = [j for j in self.work.judgements.values() if j.verdict is Verdict.CONFIRMED]
        return max((*late, *agreed), key=lambda judgement: judgement.observation.seconds)

    def _units(self, unit: Judgement, late: Sequence[Judgement]) -> int:
        """The estimated number of units until the second call of each candidate."""
        last = max(self._training(judgement, 2) for judgement in late) / self.pace
        each = pace_of(self.work, unit, ()).unit
        return min(math.ceil(last / each) + 1, max(unit.observation.calls, 1))


def _pace(step: Judgement, benchmark: Benchmark | None) -> float:
    """The part of the training's time that is left if the plan makes ``step`` so much faster."""
    speedup = benchmark.speedup.median if benchmark is not None and benchmark.speedup is not None else 1.0
    share = min(1.0, step.observation.share)
    return 1.0 - share + share / speedup
