"""Chooses the variant of each candidate: which are worth a run, whether they hold, and which is fastest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .measure.costs import length_of
from .measure.variants import Withheld, ways
from .records import Ending, Judgement, Variant, VariantResult, Verdict

if TYPE_CHECKING:
    from .dynamic.proof import Observed


def first_variants(observed: Observed) -> tuple[dict[str, Variant], tuple[Judgement, ...]]:
    """The variant that each open candidate is first checked with, and judgements of those that have none.

    That is the bare graph, but for candidates that it would trace again and again.
    """
    from .dynamic.judging import check_assumptions
    from .dynamic.proof import observation

    variants: dict[str, Variant] = {}
    hopeless: list[Judgement] = []
    for function in observed.open:
        growth = observed.growing.get(function.id)
        if growth is None:
            variants[function.id] = Variant()
            continue
        bare = Judgement(function, Verdict.REFUTED, (growth,), observation(observed, function))
        mended, reasons = mend(bare, observed)
        if mended:
            variants[function.id] = mended[0]
        else:
            judgement = replace(bare, reasons=(growth, *reasons))
            judgement = with_story(judgement, observed)
            hopeless.append(check_assumptions(judgement, observed.rows.get(function.id), None))
    return variants, tuple(hopeless)


def mend(judgement: Judgement, observed: Observed) -> tuple[list[Variant], list[str]]:
    """The variants that may spare a candidate its traces, and why each of the others can't."""
    length = length_of(judgement, is_whole(observed))
    variants, reasons = [], []
    for name in ("input_signature", "reduce_retracing"):
        way = next(way for way in ways() if way.name == name)
        proposal = way.propose(judgement, length)
        if isinstance(proposal, Withheld):
            reasons.append(f"{name} does not mend that: {proposal.reason}")
        else:
            variants.append(proposal)
    return variants, reasons


def is_whole(observed: Observed) -> bool:
    """Whether the observed run came to the script's own end."""
    return observed.outcome.ending in (Ending.FINISHED, Ending.EXITED)


def with_story(judgement: Judgement, observed: Observed) -> Judgement:
    """A judgement that also tells why the bare graph was not tried, where it was not."""
    growth = observed.growing.get(judgement.function.id)
    if growth is None:
        return judgement
    seen = judgement.observation
    bare = VariantResult(
        name="graph",
        outcome=Verdict.REFUTED,
        traces=seen.signatures,
        trace_seconds=0.0,
        seconds_per_call=0.0,
        eager_seconds_per_call=seen.seconds / seen.calls if seen.calls else 0.0,
        max_rel_error=None,
        retrace_causes=(),
        reason=f"not tried: {growth}",
    )
    reasons = judgement.reasons
    if judgement.verdict is Verdict.CONFIRMED:
        reasons = (f"with {judgement.variant.name}: {reasons[0]}", f"bare, {growth}", *reasons[1:])
    elif growth not in reasons:
        reasons = (growth, f"with {judgement.variant.name}: {reasons[0]}", *reasons[1:])
    return replace(judgement, reasons=reasons, variants=(bare, *judgement.variants))
