"""Asks a run whether a second object breaks a function that was given a single one so far.

A function that trains one model may be given another one long after the observed run was cut: in the next fold, say.
As a graph the script comes there sooner, and TensorFlow itself says whether it may.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..records import AssumptionKind, Ending, Judgement, Move, Reason, Scan, Verdict
from .work import Work, edits_of

#: The share of the budget that is left for one such run, how many there are, and with how little left there is none.
RUN_SHARE, MOST_RUNS, LEAST_SECONDS = 0.4, 2, 20.0
#: What takes a smaller share of the time is not worth it.
LEAST_SHARE = 0.05
#: It is the time that ends such a run, not its units.
UNITS = 1_000_000
# What TensorFlow says of variables that are made in a later call; eager code can't fail with it.
_LATE_VARIABLES = ("tf.function only supports singleton tf.Variable", "tried to create variables on non-first call")


def ask_for_second_objects(work: Work, scan: Scan) -> None:
    """Run the script with such a function converted; where it then fails for its variables, that refutes."""
    asked = [judgement for judgement in work.judgements.values() if _open(judgement)]
    asked.sort(key=lambda judgement: judgement.observation.seconds, reverse=True)
    for judgement in asked[:MOST_RUNS]:
        if work.left < LEAST_SECONDS:
            return
        name = judgement.function.id
        with work.stage("second object", f"the script with {name} converted, until a different object arrives"):
            failure = _failure(work, scan, judgement)
            if failure:
                # The first reason was the doubt, which the run has settled.
                refuted = Reason("second-object", f"in the edited script {failure}", move=Move.USER)
                work.add([replace(judgement, verdict=Verdict.REFUTED, reasons=(refuted, *judgement.reasons[1:]))])
                work.watcher.note(f"{name}: refuted, {refuted.message}")


def _open(judgement: Judgement) -> str:
    """The parameter that had one object so far, where nothing else keeps a function from being confirmed."""
    if judgement.verdict is not Verdict.INCONCLUSIVE or judgement.observation.share < LEAST_SHARE:
        return ""
    left = [one.assumption for one in judgement.assumptions if one.verdict is not Verdict.CONFIRMED]
    is_all = all(assumption.kind is AssumptionKind.SAME_OBJECT for assumption in left)
    return left[0].subject if left and is_all else ""


def _failure(work: Work, scan: Scan, judgement: Judgement) -> str:
    from ..dynamic.parent.cold import Arm, Unit, replay

    files, _ = work.edit(Path(scan.root), edits_of([judgement]))
    arm = Arm("second-object", files)
    run, unit = work.run_with(scan), Unit.of(judgement.function)
    outcome = replay(run, unit, [arm], RUN_SHARE * work.left, UNITS)[arm.label].outcome
    if outcome.ending is not Ending.RAISED or not any(words in (outcome.error or "") for words in _LATE_VARIABLES):
        return ""
    place = f" at {outcome.error_place}" if outcome.error_place else ""
    name = _open(judgement)
    return (
        f"a call with another `{name}` creates variables{place}, which a graph may do only in its first call "
        f"({outcome.error_type}); define one function for each `{name}`"
    )
