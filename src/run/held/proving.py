"""Proves the current code: its decorated functions against the same code without their decorators.

Nothing is selected or written. The stages are those of a run that adds decorators. The original script is the code
without the decorators, and the edited script is the current code, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...records import Action, Finding, Function, Judgement, Move, Plan, Reason, Scan, Verdict
from ...report.wording import count
from .. import pacing
from ..failures import OWN, REMEDY
from ..planning import set_plan
from ..renewed import ask_for_second_objects
from ..stages import check, measure, observe, scan
from ..standing import Standing, stand
from ..trial import ColdTrial
from ..work import Stop, Work

if TYPE_CHECKING:
    from ...dynamic.parent.proof import Observed

#: The arguments of `tf.function` that may prevent retraces.
_MENDING = frozenset({"input_signature", "reduce_retracing", "experimental_relax_shapes"})
_WITHOUT = "without the tf.function decorators of {names}"
_NEEDED = "If it can't run without one of them, that function can't be compared: exclude it"


def prove(work: Work, found: Scan, functions: Sequence[Function]) -> None:
    """Prove and measure the current code. Afterwards each of ``functions`` has its verdict."""
    standing = stand(Path(found.root), functions)
    for name, why in standing.kept.items():
        work.warn(f"{name} stays decorated in all runs: {why}")
    work.target = replace(work.target, eager=standing.eager)
    work.edit = standing.edit
    names = tuple(standing.functions)
    work.options = replace(work.options, only=names, skip=(), rewrite="decorate", project=Path(found.root))
    found = scan.run(work, work.seen_modules or {})
    blockers = _propose(work, standing)
    if names and _proved(work, found, standing):
        _question(work, blockers)
        _run_cold(work, found, names)
        _measure(work, found, names)
    # The plan only served the runs: nothing is to be changed, and the judged functions are the user's tf.functions.
    work.add([standing.told(work.judgements[name]) for name in names])
    work.plan = Plan()


def _propose(work: Work, standing: Standing) -> dict[str, Finding]:
    """Make the functions candidates, whatever the scan found. Returns the findings against them, by id."""
    blockers = {}
    for name in standing.functions:
        function = work.judgements[name].function
        if function.blocker is not None:
            blockers[name] = function.blocker
        function = replace(function, proposal=Action.HYBRIDIZE, blocker=None)
        unrun = Reason("not-run", "the script has not run yet")
        work.add([Judgement(function, Verdict.UNOBSERVED, (unrun,), variant=standing.variant(name))])
    return blockers


def _proved(work: Work, found: Scan, standing: Standing) -> bool:
    """Observe the eager form and compare. Returns False if the script called none of the functions."""
    try:
        found, observed = observe.run(work, found)
    except Stop as stop:
        if stop.status == "nothing-to-gain":
            work.no_gain = stop.message
            return False
        if stop.status == "script-failed":
            # This run had no decorators. The author's script has them and may not fail.
            without = _WITHOUT.format(names=", ".join(standing.functions))
            said = stop.message.replace(OWN, without).replace(REMEDY, _NEEDED)
            raise Stop(stop.status, said, stop.exit_code) from None
        raise
    work.observed = observed
    if observed.open:
        _compare(work, found, observed, standing)
    ask_for_second_objects(work, found)
    check.stop_where_refused(work)
    return True


def _compare(work: Work, found: Scan, observed: Observed, standing: Standing) -> None:
    """Compare each function eagerly and as the graph that its decorator makes, from the same state."""
    from ...dynamic.parent.judging import growing_signatures
    from ...dynamic.parent.proof import check as compare
    from ...dynamic.parent.proof import observation
    from ...dynamic.parent.settling import check_assumptions

    variants = {function.id: standing.variant(function.id) for function in observed.open}
    for function in observed.open:
        grows = observed.growing.get(function.id) is not None
        if grows and not _MENDING.intersection(dict(variants[function.id].arguments)):
            variant = variants.pop(function.id)
            seen = observation(observed, function)
            said = growing_signatures(seen, observed.rows[function.id], decorated=True) or ""
            why = Reason("traces-grow", said, move=Move.USER)
            grown = Judgement(function, Verdict.REFUTED, (why,), seen, variant=variant)
            work.add([check_assumptions(grown, observed.rows.get(function.id), None)])
    with work.stage("check", f"{count(len(variants), 'function')}, eager against graph from the same state"):
        if variants:
            judged = compare(work.run_with(found), observed, work.share(check.CHECK_SHARE), variants)
            work.add(judged)
        for function in observed.open:
            judgement = work.judgements[function.id]
            work.watcher.note(f"{function.id}: {judgement.verdict.value}, {judgement.reasons[0].message}")


def _question(work: Work, blockers: Mapping[str, Finding]) -> None:
    """Make functions with a hazard in their source inconclusive: the runs may not have reached it."""
    for name, blocker in blockers.items():
        judgement = work.judgements[name]
        if judgement.verdict is Verdict.CONFIRMED and blocker.group in scan.SAFETY:
            place = f"{blocker.file}:{blocker.line}"
            said = f"the runs agreed, and its source shows a hazard: {blocker.message} ({place})"
            doubt = Reason(blocker.code, said, place=place, move=Move.USER)
            work.add([replace(judgement, verdict=Verdict.INCONCLUSIVE, reasons=(doubt, *judgement.reasons))])


def _run_cold(work: Work, found: Scan, names: Sequence[str]) -> None:
    """Run the functions that were not refuted from a cold start, next to the code without its decorators."""
    called = _called(work, names)
    chosen = [judgement for judgement in called if judgement.verdict is not Verdict.REFUTED]
    if not any(judgement.verdict is Verdict.CONFIRMED for judgement in chosen):
        return
    with work.stage("cold start", f"{count(len(chosen), 'function')} from the start of a fresh process"):
        work.add([replace(judgement, selected=True) for judgement in chosen])
        often = [judgement for judgement in chosen if pacing.is_soon_called(judgement, chosen[0])]
        work.trial = ColdTrial(work, found, chosen[0], often)
        work.drift = work.trial.settle(chosen, "plan")


def _measure(work: Work, found: Scan, names: Sequence[str]) -> None:
    """Time the current code (with its refuted functions) and the code without its decorators, which take turns."""
    called = _called(work, names)
    if all(judgement.verdict is Verdict.REFUTED for judgement in called):
        return
    work.add([replace(judgement, selected=True) for judgement in called])
    set_plan(work, found)
    measure.run(work, found, width=measure.NARROW)


def _called(work: Work, names: Sequence[str]) -> list[Judgement]:
    """The functions with observed calls, the hottest first."""
    judged = [work.judgements[name] for name in names]
    called = [judgement for judgement in judged if judgement.observation.calls]
    return sorted(called, key=lambda judgement: judgement.observation.seconds, reverse=True)
