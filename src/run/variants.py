"""A candidate's variants: which one is checked first, which is the plainest, and what the user should know of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..measure.costs import length_of, shapes_vary
from ..measure.variants import way_of
from ..records import Ending, Judgement, Move, Reason, Variant, VariantResult, Verdict

if TYPE_CHECKING:
    from ..dynamic.parent.proof import Observed

#: The code of the reasons of a candidate that would be retraced again and again.
GROWS = "traces-grow"


def first_variants(observed: Observed) -> tuple[dict[str, Variant], tuple[Judgement, ...]]:
    """The variant that each open candidate is first checked with, and judgements of the candidates without one.

    It is the bare graph, unless that would be retraced again and again.
    """
    from ..dynamic.parent.proof import observation
    from ..dynamic.parent.settling import check_assumptions

    variants: dict[str, Variant] = {}
    hopeless: list[Judgement] = []
    for function in observed.open:
        growth = observed.growing.get(function.id)
        if growth is None:
            variants[function.id] = Variant()
            continue
        bare = Judgement(function, Verdict.REFUTED, (Reason(GROWS, growth),), observation(observed, function))
        mending, reasons = mend(bare, observed)
        if mending:
            variants[function.id] = mending[0]
        else:
            judgement = with_story(replace(bare, reasons=(Reason(GROWS, growth), *reasons)), observed)
            hopeless.append(check_assumptions(judgement, observed.rows.get(function.id), None))
    return variants, tuple(hopeless)


def mend(judgement: Judgement, observed: Observed) -> tuple[list[Variant], list[Reason]]:
    """The variants that may prevent a candidate's retraces, and a reason for each variant that can't."""
    length = length_of(judgement, is_whole(observed))
    variants: list[Variant] = []
    reasons: list[Reason] = []
    for name in ("input_signature", "reduce_retracing"):
        proposal = way_of(name).propose(judgement, length)
        if isinstance(proposal, Reason):
            reasons.append(Reason(GROWS, f"{name} does not help: {proposal.message}"))
        else:
            variants.append(proposal)
    return variants, reasons


def is_whole(observed: Observed) -> bool:
    """Whether the observed run reached the end of the script."""
    return observed.outcome.ending in (Ending.FINISHED, Ending.EXITED)


def with_story(judgement: Judgement, observed: Observed) -> Judgement:
    """The judgement, with the reason why the bare graph was not tried, if it was not."""
    growth = observed.growing.get(judgement.function.id)
    if growth is None:
        return judgement
    seen = judgement.observation
    bare = VariantResult(
        name="graph",
        outcome=Verdict.REFUTED,
        traces=0,
        trace_seconds=None,
        seconds_per_call=None,
        eager_seconds_per_call=seen.seconds / seen.calls if seen.calls else None,
        max_rel_error=None,
        reason=f"not tried: {growth}",
    )
    reasons = judgement.reasons
    if judgement.verdict is not Verdict.REFUTED:
        # What was found with the variant decides.
        bare_grows = Reason(GROWS, f"as a bare tf.function {growth}")
        reasons = (with_variant(judgement.variant, reasons[0]), bare_grows, *reasons[1:])
    elif Reason(GROWS, growth) not in reasons:
        reasons = (Reason(GROWS, growth), with_variant(judgement.variant, reasons[0]), *reasons[1:])
    return replace(judgement, reasons=reasons, variants=(bare, *judgement.variants))


def with_variant(variant: Variant, reason: Reason) -> Reason:
    """A reason whose message names its variant."""
    return replace(reason, message=f"with {variant.name}, {reason.message}")


def advice(judgement: Judgement) -> Reason | None:
    """Advice about the form in which a candidate would be written; None if there is none."""
    seen = judgement.observation
    if any(name == "input_signature" for name, _ in judgement.variant.arguments):
        return Reason(
            "signature", "the signature accepts what was observed; other sizes, ranks or dtypes will raise an error"
        )
    if judgement.variant.name == "graph" and seen.signatures == 2 and shapes_vary(judgement):
        said = "it receives two shapes, so it is traced twice; drop_remainder=True avoids that for a smaller last batch"
        return Reason("two-shapes", said, move=Move.USER)
    return None


def plainer(judgement: Judgement) -> Judgement | None:
    """The judgement with the plainest of its confirmed variants; None if it already has that one."""
    confirmed = [result for result in judgement.variants if result.outcome is Verdict.CONFIRMED]
    plainest = min(confirmed, key=lambda result: way_of(result.name).rank, default=None)
    if plainest is None or plainest.name == judgement.variant.name:
        return None
    return replace(judgement, variant=variant_of(plainest))


def variant_of(result: VariantResult) -> Variant:
    """The variant that a result belongs to."""
    return Variant(result.name, result.arguments)


def is_dear(variant: Variant) -> bool:
    """Whether the variant is compiled with XLA, which takes seconds before the first call."""
    return ("jit_compile", "True") in variant.arguments
