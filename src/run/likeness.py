"""Decides whether a cold run of a plan computed what the original script computes, with more runs where needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..records import Drift, EditedFile, Ending, Judgement, Reason

if TYPE_CHECKING:
    from ..dynamic.parent.runs import Seen
    from ..measure.drift import Trace
    from .trial import ColdTrial

# No run is started with less of the budget left than this.
LEAST_SECONDS = 5.0
# Further perturbations (replaying.NUDGES) that are tried before a difference is called drift.
FURTHER_NUDGES = {2: "nudged-2", 3: "nudged-3"}
NUDGED = ("nudged", *FURTHER_NUDGES.values())
#: The level of a comparison of calls, where runs can't be compared.
BY_CALLS = "L2"
UNEXPLAINED = "the budget ended before it was decided whether rounding explains that; use a longer --budget"
OTHER_START = (
    "as a graph it creates its variables in a different order, so it draws different initial values; started from the "
    "original's values, both compute the same"
)


def compare_runs(trial: ColdTrial, edited: Seen) -> Drift:
    """Compare an edited run with the references. If something differs, run more references."""
    from ..dynamic.parent.cold import Arm

    drift = _compare(trial, trial.references, edited)
    arms = []
    if drift.verdict != "none" and "twin" not in trial.references:
        # Whether two runs of the original agree matters only now, so this run was not made before.
        arms.append(Arm("twin", trial.base))
    if drift.verdict == "drift" or (drift.verdict, drift.level) == ("inconclusive", "L4"):
        # A single perturbed run is one sample of the effect of rounding, too few to decide.
        further = {way: name for way, name in FURTHER_NUDGES.items() if name not in trial.references}
        arms += [Arm(name, trial.base, nudge=way) for way, name in further.items()]
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
    """If the runs drew different initial weights, compare them again with the initial weights of the original script.

    Returns the drift only if its verdict is "none": then only the drawn values differ. Only initial values are
    replaced, in the edited run and in the references, for variables with the same name, shape and dtype; everything
    after that must agree.
    """
    from ..dynamic.parent.cold import Arm, same_beginnings
    from ..measure.states import begin_apart

    eager = trace_of(trial.references["eager"])
    if not begin_apart(eager.digests, trace_of(edited).digests) or trial.work.left < LEAST_SECONDS:
        return None
    trial.work.watch("the initial weights differ: running again with those of the original script")
    arms = [Arm(f"{label}-births", files, births={"given": {}, "keep": False})]
    if not trial.births:
        arms.append(Arm("births", trial.base, births={"given": {}, "keep": True}))
    seen = trial.replay(arms)
    if not trial.births:
        trial.births = seen["births"].report.get("births", ())
    theirs, ours = same_beginnings(trial.births, seen[arms[0].label].report.get("births", ()))
    if not ours or trial.work.left < LEAST_SECONDS:
        return None
    given, taken = {"given": theirs, "keep": False}, {"given": ours, "keep": False}
    arms = [
        Arm(f"{label}-given", files, births=taken),
        Arm("eager-given", trial.base, births=given),
        Arm("nudged-given", trial.base, nudge=1, births=given),
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


def rests_on_calls(trial: ColdTrial, drift: Drift) -> Drift | None:
    """The drift of a plan that no run can be compared with, because two runs of the original script begin differently.

    That is so if threads prepare the data in an order of their own, or if a generator has no seed. Then no number shows
    a difference or the lack of one, and the plan rests on the check, which compares calls from the same state. Returns
    None for any other drift.
    """
    from ..measure.drift import begins_alike

    twin = trial.references.get("twin")
    if (drift.verdict, drift.level) != ("inconclusive", "L0") or twin is None or not twin.report.get("units"):
        return None
    if begins_alike(trace_of(trial.references["eager"]), trace_of(twin)):
        return None
    said = drift.reason.removeprefix("nothing can be concluded: ")
    reason = f"{said}; so only calls from the same state could be compared, and they agree"
    return replace(drift, level=BY_CALLS, reason=reason)


def _compare(trial: ColdTrial, references: dict[str, Seen], edited: Seen) -> Drift:
    from ..measure.drift import compare

    traces = {name: trace_of(seen) for name, seen in references.items()}
    return compare(
        traces["eager"],
        replace(trace_of(edited), unit=trial.unit_name),
        perturbed=[traces[name] for name in NUDGED if name in traces and traces[name].units],
        twin=traces.get("twin"),
        metrics=trial.work.options.metrics,
    )


def trace_of(seen: Seen) -> Trace:
    """The computed and printed values of a run, in the form that is compared."""
    from ..measure.drift import Trace

    report = seen.report
    return Trace(
        lines=seen.outcome.lines,
        units=int(report.get("units", 0)),
        scalars=tuple(tuple(row) for row in report.get("scalars", ())),
        digests={int(unit): rows for unit, rows in report.get("digests", {}).items()},
        complete=seen.outcome.ending in (Ending.FINISHED, Ending.EXITED),
    )
