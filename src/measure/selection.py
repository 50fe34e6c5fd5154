"""Selects the confirmed candidates that are worth an edit.

A function that runs inside a converted caller gains nothing more. So candidates are taken from the outermost inwards,
and each counts only with the time outside of selected callers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..records import Judgement, Reason, Variant, Verdict
from .costs import base_result, trace_seconds

#: Candidates with a smaller share of the time are left alone. By Amdahl's law their gain is at most about the same.
LEAST_SHARE = 0.01
#: A graph call must be faster than the eager call by this factor in the check; otherwise the candidate is not tried.
LEAST_GAIN = 1.1
#: The codes of the reasons of a candidate inside a converted caller, and of one that gains nothing.
COVERED, NOT_WORTH_IT = "covered", "not-worth-it"
#: With fewer calls than this, a candidate must save the time of its traces within them.
FEW_CALLS = 6


def select(judgements: Sequence[Judgement], hopeful: bool = False) -> tuple[Judgement, ...]:
    """Return the judgements in the same order, with ``selected`` set for the chosen ones and a reason for the others.

    With ``hopeful``, candidates that gain nothing yet are selected too, because an untried variant may gain.
    """
    by_time = sorted(judgements, key=lambda j: j.observation.seconds, reverse=True)
    covered: dict[str, str] = {}
    chosen: dict[str, Judgement] = {}
    for judgement in by_time:
        name = judgement.function.id
        by = _covering(judgement, chosen, covered)
        share = judgement.observation.share * _uncovered(judgement, chosen, covered)
        if by is not None and share < LEAST_SHARE:
            covered[name] = by
        if judgement.verdict is not Verdict.CONFIRMED:
            continue
        refusal = _refusal(judgement, share, by, hopeful)
        chosen_now = replace(judgement, selected=refusal is None, covered_by=covered.get(name))
        if refusal is not None:
            chosen_now = replace(chosen_now, reasons=(*judgement.reasons, refusal))
        else:
            chosen[name] = chosen_now
        judgements = [chosen_now if j is judgement else j for j in judgements]
    return tuple(judgements)


def deselect(judgement: Judgement, reason: Reason) -> Judgement:
    """The judgement, removed from the plan for this reason."""
    return replace(judgement, selected=False, reasons=(*judgement.reasons, reason))


def _covering(judgement: Judgement, chosen: dict[str, Judgement], covered: dict[str, str]) -> str | None:
    """The chosen candidate that contains the most calls of this one; None if there is none."""
    callers = sorted(judgement.observation.callers.items(), key=lambda item: item[1], reverse=True)
    for caller, _ in callers:
        if caller in chosen:
            return caller
        if caller in covered:
            return covered[caller]
    return None


def _uncovered(judgement: Judgement, chosen: dict[str, Judgement], covered: dict[str, str]) -> float:
    """The share of a candidate's time in calls that do not come from chosen candidates, directly or not."""
    callers = judgement.observation.caller_seconds or judgement.observation.callers
    total = sum(callers.values())
    if not total:
        return 1.0
    return sum(part for caller, part in callers.items() if caller not in chosen and caller not in covered) / total


def take_back(judgements: Sequence[Judgement]) -> list[Judgement]:
    """The judgements that were covered by a caller which is not converted after all, with a corrected reason."""
    chosen = {judgement.function.id for judgement in judgements if judgement.selected}
    return [
        replace(
            judgement,
            covered_by=None,
            reasons=tuple(
                Reason(
                    "caller-not-converted",
                    f"not tried alone: it runs inside {judgement.covered_by}, which was proposed but not converted",
                )
                if reason.code == COVERED
                else reason
                for reason in judgement.reasons
            ),
        )
        for judgement in judgements
        if judgement.covered_by is not None and judgement.covered_by not in chosen
    ]


def _refusal(judgement: Judgement, share: float, by: str | None, hopeful: bool) -> Reason | None:
    if share < LEAST_SHARE:
        if by is not None:
            return Reason(COVERED, f"not needed: it runs inside {by}, which is converted")
        return Reason(NOT_WORTH_IT, f"not worth an edit: {share:.1%} of the time")
    if judgement.observation.calls < FEW_CALLS and (refusal := gain_refusal(judgement)) is not None:
        return refusal
    others = [r for r in judgement.variants if r.outcome is Verdict.CONFIRMED]
    if hopeful or any(gain_refusal(replace(judgement, variant=Variant(r.name, r.arguments))) is None for r in others):
        return None
    return gain_refusal(judgement)


def gain_refusal(judgement: Judgement) -> Reason | None:
    """Why a candidate is not worth an edit with its current variant, by the check's timings; None if it is."""
    variant = base_result(judgement)
    if variant is None or not variant.seconds_per_call or variant.eager_seconds_per_call is None:
        return Reason(NOT_WORTH_IT, "not worth an edit: no call of its graph could be timed")
    gain = variant.eager_seconds_per_call / variant.seconds_per_call
    if gain < LEAST_GAIN:
        return Reason(NOT_WORTH_IT, f"not worth an edit: as a graph a call takes {1 / gain:.2f} times as long")
    if variant.arguments:
        return None
    traces = max(variant.traces, judgement.observation.signatures)
    cost = trace_seconds(variant) * traces
    saved = judgement.observation.calls * (variant.eager_seconds_per_call - variant.seconds_per_call)
    often = traces > 1 and judgement.observation.signatures > 0.2 * judgement.observation.calls
    if (often or judgement.observation.calls < FEW_CALLS) and cost > saved:
        return Reason(
            NOT_WORTH_IT,
            f"not worth an edit: {'1 trace' if traces == 1 else f'{traces} traces'} would take {cost:.1f} s and save "
            f"{max(saved, 0.0):.1f} s in {judgement.observation.calls:,} calls",
        )
    return None
