"""Tests in a run whether a second object breaks a function that received a single one so far.

A function that trains one model may receive another one long after the observed run was cut, for example in the next
fold. The script reaches that point sooner with the function as a graph, and TensorFlow itself raises if it can't go on.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..records import AssumptionKind, Ending, Judgement, Move, Reason, Scan, Verdict
from .work import Work, edits_of

#: The share of the remaining budget for one such run, the most runs, and the seconds that must be left for one.
RUN_SHARE, MOST_RUNS, LEAST_SECONDS = 0.4, 2, 20.0
#: A function with a smaller share of the time is not worth a run.
LEAST_SHARE = 0.05
#: So many that such a run is ended by its time limit.
UNITS = 1_000_000
# TensorFlow's messages about variables created in a later call. Eager code never raises them.
_LATE_VARIABLES = ("tf.function only supports singleton tf.Variable", "tried to create variables on non-first call")


def ask_for_second_objects(work: Work, scan: Scan) -> None:
    """Run the script with each such function converted. A failure because of new variables refutes the function."""
    asked = [judgement for judgement in work.judgements.values() if _open(judgement)]
    asked.sort(key=lambda judgement: judgement.observation.seconds, reverse=True)
    for judgement in asked[:MOST_RUNS]:
        if work.left < LEAST_SECONDS:
            return
        name = judgement.function.id
        with work.stage("second object", f"the script with {name} converted, until a different object arrives"):
            failure = _failure(work, scan, judgement)
            if failure:
                # This replaces the first reason, the doubt that the run has settled.
                refuted = Reason("second-object", f"in the edited script {failure}", move=Move.USER)
                work.add([replace(judgement, verdict=Verdict.REFUTED, reasons=(refuted, *judgement.reasons[1:]))])
                work.watcher.note(f"{name}: refuted, {refuted.message}")


def _open(judgement: Judgement) -> str:
    """The parameter that received one object so far, if that is the only reason why the function is not confirmed;
    else empty."""
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
