"""Moves whole loops around the proved steps into the graph, if the program stays the same and becomes faster.

A step in a loop over a dataset was proved call by call. The loop only calls it, so it remains to show that the
iterations of a loop in the graph equal as many calls. This can't be compared call by call: each run of the loop draws
a new order of the data, and rounding grows over the iterations. So the whole script is run cold, original and edited,
and compared at the end of each loop. The loop then races the step.
"""

from __future__ import annotations

import ast
import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...measure.contest import Choice, Entrant
from ...records import Action, Edit, Ending, Function, FunctionKind, Judgement, Observation, Reason, Scan, Verdict
from ...report.wording import count
from ...static.lifting.loops import Loop, Step, count_names, find_loops
from ...static.lifting.reading import Unliftable
from ..pacing import RACE_SECONDS
from ..planning import set_plan
from ..trial import ColdTrial
from ..work import Work, edits_of

if TYPE_CHECKING:
    from ...measure.seats import Group

#: The share of the remaining budget for this stage, and the share of that for the eager comparison.
SHARE, EAGER_SHARE = 0.5, 0.35
LEAST_SECONDS = 20.0
#: A cold run ends after this many loops of many steps each. The variables are recorded after the last one too.
LOOPS = 8
#: The entrants of the race: the current plan, and the plan with the loops.
STEP, LOOP = "step", "loop"


@dataclass(frozen=True)
class _Tried:
    """A loop of a file, its judgement, and whether its runs were counted up to the script's end."""

    loop: Loop
    judgement: Judgement
    counted: bool = False

    @property
    def edit(self) -> Edit:
        """The edit that moves the loop into a function, still eager."""
        return replace(edits_of([self.judgement])[0], action=Action.EXTRACT)


def run(work: Work, scan: Scan) -> None:
    """Take the loops around the plan's steps into the plan, if they are proved and faster."""
    if work.options.rewrite != "loops" or not work.plan.edits or work.unit is not None:
        return
    tried = _find(work, scan)
    if not tried:
        return
    if work.left < 2 * LEAST_SECONDS:
        _leave(work, tried, "the budget left no time to prove it as a loop of the graph; use a longer --budget")
        return
    end = time.monotonic() + SHARE * work.left
    with work.stage("loops", f"{count(len(tried), 'whole loop')} in the graph"):
        standing = _outlined(work, scan, tried, EAGER_SHARE * (end - time.monotonic()))
        if not standing:
            return
        plan = _with_loops(work, standing)
        trial = ColdTrial(work, scan, standing[0].judgement, [each.judgement for each in standing])
        trial.steps, trial.unit_name = min(trial.steps, LOOPS), "loop"
        # The rest of the budget is reserved for the measurement. Without one not even the step would be written.
        trial.kept = max(trial.kept, work.left - max(0.0, end - time.monotonic()))
        objection, drift = trial.attempt(plan, "loops")
        if objection is not None or drift is None:
            said = objection.reason if objection is not None else "nothing was compared"
            verdict = objection.verdict if objection is not None else Verdict.INCONCLUSIVE
            _leave(work, standing, f"as a loop of the graph, {said}", verdict)
            return
        choice = _race(work, scan, standing, plan, end)
        work.watcher.note(f"{choice.winner}: {choice.reason}")
        if choice.winner != LOOP:
            for each in standing:
                reasons = (_proof(drift.reason), Reason("race", f"the step is kept: {choice.reason}"))
                work.add([replace(each.judgement, verdict=Verdict.CONFIRMED, reasons=reasons)])
            return
        _take(work, standing, _proof(drift.reason), Reason("race", choice.reason))
        work.unit, work.drift = standing[0].judgement, drift
        set_plan(work, scan)


def _find(work: Work, scan: Scan) -> list[_Tried]:
    """The loops around the steps of the plan. A warning says why a loop can't become a function."""
    selected = {j.function.id: j for j in work.selected()}
    found = list[_Tried]()
    trees = {file: ast.parse((Path(scan.root) / file).read_bytes()) for file in scan.modules}
    names = count_names(trees.values())
    for file in sorted({j.function.file for j in selected.values()}):
        steps = [
            Step(j.function.id, j.function.qualname, j.function.region)
            for j in selected.values()
            if j.function.file == file and j.function.kind is not FunctionKind.SWITCH
        ]
        for each in find_loops(trees[file], file, steps, *names):
            if isinstance(each, Unliftable):
                lines = f"{file}:{each.first}–{each.last}"
                work.warn(f"the loop at {lines} stays in Python: {each.reason} (line {each.line})")
                continue
            module = next(j.function.module for j in selected.values() if j.function.file == file)
            found.append(_Tried(each, _judgement(each, module, [selected[name] for name in each.steps])))
    return found


def _judgement(loop: Loop, module: str, steps: Sequence[Judgement]) -> Judgement:
    region, hottest = loop.region, max(steps, key=lambda j: j.observation.seconds)
    function = Function(
        id=f"{module}:{loop.qualname}@{region.first}-{region.last}",
        file=region.file,
        line=region.first,
        end_line=region.last,
        module=module,
        qualname=loop.qualname,
        kind=FunctionKind.FUNCTION,
        hybrid=None,
        parameters=(),
        findings=(),
        assumptions=(),
        proposal=Action.HYBRIDIZE,
        blocker=None,
        computes_with_tensors=True,
        calls=loop.steps,
        rests_on=("it only calls proved steps",),
        region=region,
    )
    seen = hottest.observation
    together = Observation(
        calls=seen.calls,
        seconds=sum(j.observation.seconds for j in steps),
        share=min(1.0, sum(j.observation.share for j in steps)),
        first_seconds=seen.first_seconds,
        last_seconds=seen.last_seconds,
    )
    return Judgement(function, Verdict.UNOBSERVED, (), together)


def _outlined(work: Work, scan: Scan, tried: Sequence[_Tried], seconds: float) -> list[_Tried]:
    """The loops that leave the program the same when moved into eager functions, each with its number of runs."""
    from ...dynamic.parent.outlines import UNCOMPARED, Comparison
    from ...rewrite import edit_project

    compared = Comparison(work.run_with(scan))
    files, refused = edit_project(Path(scan.root), [each.edit for each in tried])
    iterated = {each.judgement.function.id: _place_of(each.loop) for each in tried if each.loop.iterated}
    wrong = next((reason.message for reason in refused.values()), "")
    wrong = wrong or compared.differs(files, max(seconds, LEAST_SECONDS), iterated=iterated)
    if wrong:
        _leave(work, tried, f"the script with the loop in a function is not the same program: {wrong}")
        return []
    assert compared.outlined is not None
    report = compared.outlined.report
    standing = []
    for each in tried:
        name = each.judgement.function.id
        kinds = report.get("iterated", {}).get(name, [])
        if not compared.reached(name):
            _leave(work, [each], UNCOMPARED)
        elif each.loop.iterated and kinds != ["tf.data.Dataset"]:
            said = "it does not iterate over one tf.data.Dataset, and would be unrolled in the graph"
            _leave(work, [each], said, Verdict.REFUTED)
        else:
            seen = replace(each.judgement.observation, calls=int(report.get("calls", {}).get(name, 1)))
            whole = compared.outlined.outcome.ending in (Ending.FINISHED, Ending.EXITED)
            standing.append(_Tried(each.loop, replace(each.judgement, observation=seen), whole))
    work.add([each.judgement for each in standing])
    return standing


def _place_of(loop: Loop) -> list[int | str]:
    """The place of the iterated value in a call of the loop's function: an argument's position, then attributes."""
    name, *attributes = loop.iterated
    given = [*([loop.region.receiver] if loop.region.receiver else []), *loop.region.parameters]
    return [given.index(name), *attributes]


def _with_loops(work: Work, standing: Sequence[_Tried]) -> list[Judgement]:
    """The plan with the loops in place of the steps that they contain."""
    gone = {name for each in standing for name in each.loop.absorbed}
    return [*(each.judgement for each in standing), *(j for j in work.selected() if j.function.id not in gone)]


def _race(work: Work, scan: Scan, standing: Sequence[_Tried], plan: Sequence[Judgement], end: float) -> Choice:
    """Race the current plan, the plan with the loops, and the original script; they take turns of whole loops."""
    from ...measure.benchmark import has_room
    from ...measure.contest import choose, run_contest, undecided
    from ...sandbox.parent.launch import start

    files, refused = work.edit(Path(scan.root), edits_of(plan))
    entrants = [Entrant(STEP, work.plan.files, 0), Entrant(LOOP, files, 1)]
    unit, needed = standing[0].judgement, len(entrants) * work.startup_seconds + RACE_SECONDS
    calls = unit.observation.calls
    length = count(calls, "loop")
    groups: list[Group] = []
    pair: Sequence[Entrant] | None = entrants
    while pair and not refused and len(groups) < 2:
        if end - time.monotonic() < needed:
            break
        groups.append(
            run_contest(
                work.target,
                edits_of([unit])[0],
                unit.function.line,
                pair,
                work.folder,
                functools.partial(start, nursery=work.nursery),
                deadline=end,
                steps=None,
                length=None,
                again=bool(groups),
                room=has_room,
            )
        )
        pair = undecided(groups[0], entrants, calls) if len(groups) == 1 else None
    if not groups:
        why = next(iter(refused.values())).message if refused else "the budget left no time to compare their speed"
        return Choice(STEP, why)
    return choose(groups, entrants, calls, length, "loop")


def _proof(agreement: str) -> Reason:
    said = f"as a loop of the graph, in a fresh process and compared at the end of each loop: {agreement}"
    return Reason("loop", said)


def _take(work: Work, standing: Sequence[_Tried], *reasons: Reason) -> None:
    """Select the loops, and deselect the steps that they contain."""
    from ...measure.selection import COVERED

    # The total number of a loop's runs is known only if it was counted up to the script's end.
    work.observed_whole = work.observed_whole and all(each.counted for each in standing)
    for each in standing:
        work.add([replace(each.judgement, verdict=Verdict.CONFIRMED, selected=True, reasons=reasons)])
        for name in each.loop.absorbed:
            step, loop = work.judgements[name], each.judgement.function
            reason = Reason(COVERED, f"not needed: it is part of the loop {loop.id}, which is converted")
            why = (*step.reasons, reason)
            work.add([replace(step, selected=False, covered_by=loop.id, reasons=why)])


def _leave(work: Work, tried: Sequence[_Tried], why: str, verdict: Verdict = Verdict.INCONCLUSIVE) -> None:
    for each in tried:
        name = each.judgement.function.id
        work.add([replace(each.judgement, verdict=verdict, reasons=(Reason("loop-left", why),))])
        work.watcher.note(f"{name}: left in Python, {why}")
