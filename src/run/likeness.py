"""Whether a plan that was run cold has done what the original script does: the runs that it takes to tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..records import Drift, EditedFile, Ending, Judgement, Reason

if TYPE_CHECKING:
    from ..dynamic.parent.runs import Seen
    from ..measure.drift import Trace
    from .trial import ColdTrial

# With less of the budget left than this, no run is begun.
LEAST_SECONDS = 5.0
# Ways of imitating rounding that are tried before a difference is called drift, beside the first (replaying.NUDGES).
FURTHER_NUDGES = (2, 3)
UNEXPLAINED = "the budget ended before it was decided whether rounding explains that; use a longer --budget"
OTHER_START = (
    "as a graph it creates its variables in a different order, so it draws different initial values; started from the "
    "original's values, both compute the same"
)


def compare_runs(trial: ColdTrial, edited: Seen) -> Drift:
    """Compare an edited run with the references, of which more are run where something differs."""
    from ..dynamic.parent.cold import Arm

    drift = _compare(trial, trial.references, edited)
    arms = []
    if drift.verdict != "none" and "twin" not in trial.references:
        # Only now is it worth a run to know whether the script repeats itself at all.
        arms.append(Arm("twin"))
    if drift.verdict == "drift" or (drift.verdict, drift.level) == ("inconclusive", "L4"):
        # One run shows what rounding does in one case: a coin that fell twice on one side is no proof of it.
        names = {way: f"nudged-{way}" for way in FURTHER_NUDGES}
        arms += [Arm(name, nudge=way) for way, name in names.items() if name not in trial.references]
    if not arms:
        return drift
    if trial.work.left < LEAST_SECONDS:
        if drift.verdict == "drift":
            return replace(drift, verdict="inconclusive", reason=f"{drift.reason}; {UNEXPLAINED}")
        return drift
    trial.references.update(trial.replay(arms))
    return compare_runs(trial, edited)


def compare_from_one_start(
    trial: ColdTrial, chosen: Sequence[Judgement], files: Sequence[EditedFile], label: str, edited: Seen
) -> Drift | None:
    """Compare again where the runs began with other initial weights: from those of the original script.

    Gives the drift, if it is none: then nothing differs but the draw. Only initial values are replaced, of variables
    of the same name, shape and dtype, in the edited run and in the references alike; all that comes later must agree.
    """
    from ..dynamic.parent.cold import Arm, same_beginnings
    from ..measure.states import begin_apart

    eager = trace_of(trial.references["eager"])
    if not begin_apart(eager.digests, trace_of(edited).digests) or trial.work.left < LEAST_SECONDS:
        return None
    trial.work.watch("the initial weights differ: running again with those of the original script")
    arms = [Arm(f"{label}-births", files, births={"given": {}, "keep": False})]
    if not trial.births:
        arms.append(Arm("births", births={"given": {}, "keep": True}))
    seen = trial.replay(arms)
    if not trial.births:
        trial.births = seen["births"].report.get("births", ())
    theirs, ours = same_beginnings(trial.births, seen[arms[0].label].report.get("births", ()))
    if not ours or trial.work.left < LEAST_SECONDS:
        return None
    given, taken = {"given": theirs, "keep": False}, {"given": ours, "keep": False}
    arms = [
        Arm(f"{label}-given", files, births=taken),
        Arm("eager-given", births=given),
        Arm("nudged-given", nudge=1, births=given),
    ]
    seen = trial.replay(arms)
    references = {"eager": seen["eager-given"], "nudged": seen["nudged-given"]}
    if any(one.outcome.ending is Ending.RAISED or one.role_errors for one in seen.values()):
        return None
    drift = _compare(trial, references, seen[arms[0].label])
    if drift.verdict != "none":
        return None
    for judgement in chosen:
        known = trial.work.judgements[judgement.function.id]
        if all(reason.code != "other-start" for reason in known.reasons):
            trial.work.add([replace(known, reasons=(*known.reasons, Reason("other-start", OTHER_START)))])
    return replace(drift, reason=f"{drift.reason}; {OTHER_START}")


def _compare(trial: ColdTrial, references: dict[str, Seen], edited: Seen) -> Drift:
    from ..measure.drift import compare

    traces = {name: trace_of(seen) for name, seen in references.items()}
    return compare(
        traces["eager"],
        trace_of(edited),
        perturbed=[trace for name, trace in traces.items() if name.startswith("nudged") and trace.units],
        twin=traces.get("twin"),
        metrics=trial.work.options.metrics,
    )


def trace_of(seen: Seen) -> Trace:
    """What a run computed and printed, as it is compared."""
    from ..measure.drift import Trace

    report = seen.report
    return Trace(
        lines=seen.outcome.lines,
        units=int(report.get("units", 0)),
        scalars=tuple(tuple(row) for row in report.get("scalars", ())),
        digests={int(unit): rows for unit, rows in report.get("digests", {}).items()},
        complete=seen.outcome.ending in (Ending.FINISHED, Ending.EXITED),
    )
