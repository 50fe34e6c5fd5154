"""Settles the assumptions of the static analysis with the runs' reports (in the parent). Pure: starts no process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...records import Assumption, AssumptionKind, CheckedAssumption, Judgement, Move, Reason, Verdict
from ..rows import CheckedRow, ObservedRow
from ..wording import count
from .judging import creation_reason, lasting_effects, traces_grow


def check_assumptions(
    judgement: Judgement, observed: ObservedRow | None, checked: CheckedRow | None
) -> Judgement:
    """Settle every assumption that static analysis made of a candidate."""
    settled = [_settle(a, observed, checked) for a in judgement.function.assumptions]
    if judgement.verdict is Verdict.CONFIRMED and judgement.variant.arguments and checked:
        # The signatures grow with the calls, but with this variant the traces do not.
        evidence = f"{checked.traces} traces in {checked.compared} calls compared with {judgement.variant.name}"
        settled = [
            replace(one, verdict=Verdict.CONFIRMED, evidence=evidence)
            if one.assumption.kind is AssumptionKind.BOUNDED_TRACES
            else one
            for one in settled
        ]
    judgement = replace(judgement, assumptions=tuple(settled))
    open_ = [one for one in settled if one.assumption.kind is _OPEN and one.verdict is not Verdict.CONFIRMED]
    if judgement.verdict is Verdict.CONFIRMED and open_:
        judgement = _with_doubt(judgement, open_[0])
    return judgement


def _with_doubt(judgement: Judgement, settled: CheckedAssumption) -> Judgement:
    """Make a confirmation inconclusive: the run never made the calls that an assumption is about."""
    reason = f"{settled.evidence}; {_WAY_OUT.format(name=settled.assumption.subject)}"
    variants = tuple(
        replace(each, outcome=Verdict.INCONCLUSIVE, reason=reason) if each.name == judgement.variant.name else each
        for each in judgement.variants
    )
    return replace(
        judgement,
        verdict=Verdict.INCONCLUSIVE,
        reasons=(Reason("one-object", reason, move=Move.BUDGET), *judgement.reasons),
        variants=variants,
        selected=False,
    )


def _settle(
    assumption: Assumption, observed: ObservedRow | None, checked: CheckedRow | None
) -> CheckedAssumption:
    def say(verdict: Verdict, evidence: str) -> CheckedAssumption:
        return CheckedAssumption(assumption, verdict, evidence)

    if not observed or not observed.calls:
        return say(Verdict.UNOBSERVED, "0 calls")
    kind = assumption.kind
    calls, signatures = count(observed.calls, "call"), count(observed.signatures, "signature")
    if kind is AssumptionKind.ARGUMENT_TYPE:
        misfit = observed.misfits.get(assumption.subject)
        if misfit:
            return say(Verdict.REFUTED, f"it was a {misfit} ({calls})")
        if observed.fitting.get(assumption.subject):
            return say(Verdict.CONFIRMED, f"{calls}, {signatures}")
        return say(Verdict.UNOBSERVED, f"never passed in {calls}")
    if kind is AssumptionKind.NO_EFFECT:
        lasting = lasting_effects(observed)
        own = [effect for effect in lasting if not effect.beside]
        if own:
            return say(Verdict.REFUTED, f"{own[0].subject} {own[0].detail}")
        if checked and "effect" in checked.refutations:
            return say(Verdict.REFUTED, checked.refutations["effect"])
        if lasting and not (checked and checked.compared and "beside" not in checked.doubts):
            return say(Verdict.INCONCLUSIVE, f"{lasting[0].detail}, by it or by another thread")
        if observed.blind:
            return say(Verdict.INCONCLUSIVE, observed.blind)
        return say(Verdict.CONFIRMED, f"{observed.effect_calls} of {calls} checked")
    if kind is AssumptionKind.BOUNDED_TRACES:
        many = traces_grow(observed)
        return say(Verdict.REFUTED if many else Verdict.CONFIRMED, f"{signatures} in {calls}")
    if kind is AssumptionKind.NO_CREATION and observed.creation:
        return say(Verdict.REFUTED, creation_reason(observed.creation))
    if kind is AssumptionKind.SAME_OBJECT:
        return say(*_settle_same_object(assumption.subject, observed, checked))
    if not checked or not checked.compared:
        refuted = checked and checked.refutations
        if refuted and kind in _REFUTING and _REFUTING[kind] & set(refuted):
            return say(Verdict.REFUTED, next(iter(refuted.values())))
        return say(Verdict.UNOBSERVED, "never compared")
    compared = f"{checked.compared} calls compared, {checked.retraced} retraces checked"
    broken = [text for code, text in checked.refutations.items() if code in _REFUTING.get(kind, ())]
    if broken:
        return say(Verdict.REFUTED, broken[0])
    return say(Verdict.CONFIRMED, compared)


def _settle_same_object(
    name: str, observed: ObservedRow, checked: CheckedRow | None
) -> tuple[Verdict, str]:
    """Whether a parameter got the same object until the script's end, or calls with a second object were compared."""
    calls = count(observed.calls, "call")
    seen = observed.parameters.get(name)
    if seen is None:
        return Verdict.UNOBSERVED, f"`{name}` was never passed in {calls}"
    if observed.creation:
        return Verdict.REFUTED, creation_reason(observed.creation)
    objects = int(seen["objects"])
    if objects < 2:
        if observed.whole or not objects:
            return Verdict.CONFIRMED, f"{count(objects, 'object')} in {calls}"
        return Verdict.UNOBSERVED, f"the run was cut after {calls}, before a second object was passed as `{name}`"
    if checked is None:
        return Verdict.UNOBSERVED, f"`{name}` was {count(objects, 'object')} in {calls}; no call was compared"
    if "creation" in checked.refutations:
        return Verdict.REFUTED, str(checked.refutations["creation"])
    compared = int(checked.objects.get(name, 0))
    if compared < 2:
        what = f"the calls compared had {count(compared, 'object')} as `{name}`, of {objects} in {calls}"
        return Verdict.UNOBSERVED, what
    return Verdict.CONFIRMED, f"{objects} objects in {calls}; calls with {compared} of them were compared"


#: The kind of assumption that a comparison confirms only if the run made the calls that it is about.
_OPEN = AssumptionKind.SAME_OBJECT
_WAY_OUT = (
    "a call with another `{name}` may create variables, which a graph may do only in its first call: give the run "
    "longer with --budget, or define one function for each `{name}`"
)

_REFUTING: Mapping[AssumptionKind, frozenset[str]] = {
    AssumptionKind.STABLE: frozenset({"unstable"}),
    AssumptionKind.TRACEABLE: frozenset({"raised"}),
    AssumptionKind.SAME_RESULT: frozenset({"differs"}),
    AssumptionKind.NO_CREATION: frozenset({"creation", "stale-weights"}),
}
