"""A model of the cost and gain of a variant over a whole training. It saves runs that can't pay off.

It only decides what is worth a run. The choice is made by measurement (``race``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..records import Form, Judgement, VariantResult, Verdict

#: The assumed seconds of eager training if the run was cut and its length is unknown: long enough that a trace pays
#: off, short enough that a variant which only pays off after hours is not preferred.
HORIZON_SECONDS = 600.0
#: Up to this many observed signatures are assumed to be all, even if the run was cut.
FEW_SIGNATURES = 4
#: The retraces that a relaxed signature avoids must cost at least this share of the time, and these seconds.
LEAST_TRACE_SHARE, LEAST_TRACE_SECONDS = 0.05, 0.3


@dataclass(frozen=True)
class Length:
    """How often a candidate is called in a whole training. ``whole``: counted up to the end of the script."""

    calls: int
    whole: bool
    reason: str


def length_of(judgement: Judgement, whole: bool) -> Length:
    """The length of the script's training in calls of the candidate, and how it is known.

    ``whole`` says whether the observed run reached the end of the script.
    """
    seen = judgement.observation
    if whole:
        return Length(seen.calls, True, f"the script's own {seen.calls:,} calls")
    training = seen.seconds / seen.share if seen.share > 0 else seen.seconds
    calls = round(seen.calls * max(1.0, HORIZON_SECONDS / training)) if training > 0 else seen.calls
    minutes = f"{max(HORIZON_SECONDS, training) / 60:.0f} minutes"
    return Length(calls, False, f"{calls:,} calls ({minutes} of eager training), because the observed run was cut")


def base_result(judgement: Judgement) -> VariantResult | None:
    """The result of the variant that would be written for the candidate; None if it was not confirmed."""
    for result in judgement.variants:
        if result.name == judgement.variant.name and result.outcome is Verdict.CONFIRMED:
            return result
    return None


def expected_signatures(judgement: Judgement, length: Length) -> int:
    """How many signatures a bare ``tf.function`` would receive in a training of that length."""
    seen = judgement.observation
    if length.whole or seen.signatures <= FEW_SIGNATURES:
        return max(1, seen.signatures)
    return max(1, min(length.calls, round(seen.signatures * length.calls / max(seen.calls, 1))))


def predicted_seconds(result: VariantResult, judgement: Judgement, length: Length) -> float:
    """The seconds that all calls of the candidate take with a variant, its traces (and compilations) included."""
    relaxed = any(name in ("input_signature", "reduce_retracing") for name, _ in result.arguments)
    traces = max(result.traces, 1) if relaxed else max(result.traces, expected_signatures(judgement, length))
    return traces * trace_seconds(result) + length.calls * (result.seconds_per_call or 0.0)


def trace_seconds(result: VariantResult) -> float:
    """The seconds of one trace; with ``jit_compile``, including the compilation."""
    return (result.trace_seconds or 0.0) / max(result.traces, 1)


def retracing_pays(judgement: Judgement, length: Length) -> bool:
    """Whether retraces cost enough that a variant without them is worth a run.

    They do for a candidate without a confirmed variant, which a bare ``tf.function`` would retrace again and again.
    """
    base = base_result(judgement)
    if base is None:
        return True
    spared = (expected_signatures(judgement, length) - 1) * trace_seconds(base)
    return spared > max(LEAST_TRACE_SECONDS, LEAST_TRACE_SHARE * predicted_seconds(base, judgement, length))


def forms(judgement: Judgement) -> Iterator[Form]:
    """The forms of a candidate's arguments and of all their nested parts."""
    waiting = [parameter.form for parameter in judgement.observation.parameters if parameter.form is not None]
    while waiting:
        form = waiting.pop()
        yield form
        waiting.extend(item for _, item in form.items)


def shapes_vary(judgement: Judgement) -> bool:
    """Whether an argument had more than one shape. The ragged axes of a ragged tensor have no size to vary."""
    return any(None in (form.shape[:1] if form.kind == "ragged" else form.shape) for form in forms(judgement))


def numbers_vary(judgement: Judgement) -> bool:
    """Whether a Python number in the arguments had more than one value."""
    return any(form.varies for form in forms(judgement))
