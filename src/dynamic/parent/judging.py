"""Verdicts from the observations of the runs (in the parent process). Pure: starts no process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...measure.bounds import share_at_most
from ...measure.draws import draws_among
from ...options import LEAST_CALLS
from ...records import (
    Effect,
    Form,
    Function,
    Judgement,
    Move,
    Observation,
    ObservedParameter,
    Reason,
    Variant,
    VariantResult,
    Verdict,
)
from ..rows import CheckedRow, CreationRow, EffectRow, ObservedRow, RehearsedRow
from ..wording import BESIDE, LONGER, count, describe_creation, describe_effect, effect_code, original

#: The fewest compared calls, and distinct states among them, that a confirmation may rest on.
LEAST_COMPARED = 5
LEAST_STATES = 2
#: More traces than this, and more than this share of the calls: the traces grow with the calls.
MANY_SIGNATURES = 12
MANY_DEFINITIONS, CALLS_PER_DEFINITION = 4, 20
SIGNATURE_SHARE = 0.05


def observation_of(row: ObservedRow, training_seconds: float, root: Mapping[str, str]) -> Observation:
    """A candidate's row of an observing run as a record. ``root`` maps copied roots to the user's."""
    counted = row.op_calls
    return Observation(
        calls=row.calls,
        seconds=row.seconds,
        own_seconds=row.own_seconds,
        share=min(1.0, row.seconds / training_seconds) if training_seconds > 0 else 0.0,
        ops_per_call=sum(row.ops.values()) / counted if counted else 0.0,
        signatures=row.signatures,
        paths=row.paths,
        traced_calls=row.traced_calls,
        function_objects=row.function_objects,
        threads=row.threads,
        parameters=tuple(
            ObservedParameter(
                name,
                tuple(seen["kinds"]),
                tuple(seen["dtypes"]),
                tuple(seen["shapes"]),
                int(seen["values"]),
                _form(seen.get("form")),
                seen.get("position"),
                bool(seen.get("in_every_call", True)),
            )
            for name, seen in row.parameters.items()
        ),
        effects=tuple(Effect(e.kind, e.subject, e.detail, original(e.place, root), e.calls) for e in row.effects),
        exceptions=tuple(f"{text} ({count} times)" for text, count in row.exceptions.items()),
        result_types=tuple(row.result_types),
        callers=row.callers,
        first_seconds=row.first_seconds,
        last_seconds=row.last_seconds,
        overhead_seconds=row.overhead_seconds,
        draws=draws_among(row.ops),
        caller_seconds=row.caller_seconds,
        share_at_most=share_at_most(row.calls, row.seconds, row.squares, row.window),
    )


def _form(data: Mapping[str, Any] | None) -> Form | None:
    """Rebuild the record of a form from the data that the child sent."""
    if data is None:
        return None
    items = tuple((key, form) for key, item in data["items"] if (form := _form(item)) is not None)
    return Form(**{**data, "shape": tuple(data["shape"]), "items": items})


def judge_observed(
    function: Function, row: ObservedRow | None, training_seconds: float, root: Mapping[str, str]
) -> Judgement | None:
    """A verdict from the observing run alone, or None if the candidate should be checked."""
    if row is None or (not row.calls and not row.traced_calls):
        never = Reason(
            "never-called", "it was never called in this run, so nothing is known about it", move=Move.USER
        )
        return Judgement(function, Verdict.UNOBSERVED, (never,))
    seen = observation_of(row, training_seconds, root)

    def verdict(what: Verdict, code: str, message: str, move: Move = Move.NOBODY) -> Judgement:
        return Judgement(function, what, (Reason(code, message, move=move),), seen)

    if not seen.calls:
        return verdict(
            Verdict.NOT_PROPOSED,
            "graph-already",
            f"it already runs only inside graphs ({seen.traced_calls:,} calls, all traced)",
        )
    if any("symbolic tensor" in p.kinds for p in seen.parameters):
        said = "it receives symbolic tensors of Keras (it builds a functional model)"
        return verdict(Verdict.REFUTED, "symbolic", said)
    if row.refusal:
        return verdict(Verdict.REFUTED, "refused", row.refusal)
    if row.creation:
        return verdict(Verdict.REFUTED, "creates-variables", creation_reason(row.creation))
    # Another thread may have drawn these random numbers. The check can find out, because it can repeat a call.
    effects = lasting_effects(row)
    own = [effect for effect in effects if not effect.beside]
    others = [effect for effect in effects if effect.beside and effect.kind != "random"]
    if own:
        return Judgement(function, Verdict.REFUTED, tuple(_effect_reason(e, row, root) for e in own[:3]), seen)
    if others:
        beside = _effect_reason(others[0], row, root)
        beside = replace(beside, message=f"{beside.message}{BESIDE}")
        return Judgement(function, Verdict.INCONCLUSIVE, (beside,), seen)
    if seen.exceptions and sum(row.exceptions.values()) >= seen.calls:
        return verdict(Verdict.INCONCLUSIVE, "raises", f"every call raised: {seen.exceptions[0]}")
    if row.op_calls and not seen.ops_per_call:
        noted = [f"line {f.line}: {f.message}" for f in function.findings]
        why = f"it ran no TensorFlow op in {count(row.op_calls, 'sampled call')}: nothing to gain"
        return verdict(Verdict.NOT_PROPOSED, "no-ops", "; ".join([why, *noted[:1]]))
    if seen.calls < LEAST_CALLS:
        if row.whole and not row.blind:
            return None  # these are all its calls: each can be repeated
        return verdict(
            Verdict.INCONCLUSIVE,
            "few-calls",
            f"it was called {'once' if seen.calls == 1 else f'{seen.calls} times'}; at least {LEAST_CALLS} calls are "
            f"needed to compare it{'' if row.whole else f'; {LONGER}'}",
            Move.BUDGET,
        )
    if not row.op_calls or row.blind:
        why = f" ({row.blind})" if row.blind else ""
        return verdict(Verdict.INCONCLUSIVE, "blind", f"its {seen.calls:,} calls could not be checked{why}")
    if seen.function_objects > MANY_DEFINITIONS and seen.function_objects * CALLS_PER_DEFINITION > seen.calls:
        return verdict(
            Verdict.REFUTED,
            "traces-grow",
            f"it would be retraced repeatedly: it is redefined {seen.function_objects} times in its "
            f"{seen.calls:,} calls; move its definition out of the enclosing loop or function",
            Move.USER,
        )
    return None


def lasting_effects(row: ObservedRow) -> list[EffectRow]:
    """The side effects that refute: those of any call except the first, because a first trace repeats those of the
    first.

    Each function object has its own first call, and so has a method for each instance. If the whole script calls a
    function once, the effects of that call refute, because another call may repeat them. Random numbers that are drawn
    while the call builds are Keras' seeds for initial weights, and do not count.
    """
    only = row.whole and row.calls == 1
    return [e for e in row.effects if e.later or (only and not (e.kind == "random" and e.building))]


def creation_reason(creation: CreationRow) -> str:
    """The message for variables created in a later call: the call, the number, and what to do."""
    return describe_creation(creation.call, creation.more, creation.number, creation.names)


def _effect_reason(effect: EffectRow, row: ObservedRow, root: Mapping[str, str]) -> Reason:
    words = describe_effect(effect.kind, effect.subject, effect.detail)
    place = original(effect.place, root)
    where = f" at {place}" if place else ""
    said = f"{words}{where} (seen in {effect.calls} of {row.effect_calls} sampled calls)"
    return Reason(effect_code(effect.kind), said, place=place or "")


def growing_signatures(seen: Observation, row: ObservedRow, decorated: bool = False) -> str | None:
    """Why a plain ``tf.function`` would be retraced repeatedly, or a ``decorated`` one is; None if neither happens.

    This alone decides nothing: other variants may cover all calls with one or two traces.
    """
    if not traces_grow(row):
        return None
    worst = max(seen.parameters, key=lambda p: p.distinct_values, default=None)
    if worst is None:
        return None
    what = f"`{worst.name}` ({', '.join(worst.kinds)}"
    if len(worst.shapes) > 1:
        what += f", shapes {', '.join(worst.shapes[:4])}"
    lead = "it is" if decorated else "it would be"
    return (
        f"{lead} retraced repeatedly: {seen.signatures}+ signatures in {seen.calls:,} calls, from {what}) "
        f"with {worst.distinct_values}+ distinct values"
    )


def traces_grow(row: ObservedRow) -> bool:
    """Whether the number of traces of a plain ``tf.function`` would grow, for one owner or because of new owners.

    Many instances that all exist in the first half of the calls are not growth.
    """
    return _grows(row.owner_signatures, row.owner_calls) or bool(row.late_owners and _grows(row.owners, row.calls))


def _grows(signatures: int, calls: int) -> bool:
    """Whether the number of signatures grows with the calls: there are many, or about one for every second call."""
    many = signatures > MANY_SIGNATURES and signatures > SIGNATURE_SHARE * calls
    return many or (signatures >= LEAST_CALLS and 2 * signatures > calls)


def judge_checked(
    function: Function,
    observation: Observation,
    row: CheckedRow | None,
    root: Mapping[str, str],
    died: str,
    variant: Variant,
) -> Judgement:
    """The verdict on a candidate that was compared, eager against graph. ``died`` says how the run ended early."""
    # A variant with arguments maps many signatures to one, so the number of uncompared signatures says nothing.
    judgement = _judge_row(function, observation, row, root, died, 0 if variant.arguments else observation.signatures)
    # Without arguments, the observed signatures show the same, and for all calls.
    traces, compared = (row.owner_traces, row.owner_compared) if row else (0, 0)
    if row and variant.arguments and traces >= LEAST_CALLS and 2 * traces > compared:
        why = f"it is retraced repeatedly: {traces} times in {compared} calls"
        why += f" ({row.causes[-1]})" if row.causes else ""
        judgement = _with_variant(function, observation, row, Verdict.REFUTED, Reason("traces-grow", why))
    results = tuple(
        replace(r, name=variant.name, arguments=variant.arguments, reason=judgement.reasons[0].message)
        for r in judgement.variants
    )
    return replace(judgement, variant=variant, variants=results)


def _judge_row(
    function: Function,
    observation: Observation,
    row: CheckedRow | None,
    root: Mapping[str, str],
    died: str,
    signatures: int,
) -> Judgement:
    if row is None:
        missed = Reason("not-reached", died or "the checking run did not reach it", move=Move.BUDGET)
        return Judgement(function, Verdict.INCONCLUSIVE, (missed,), observation)
    compared, checked = f"{count(row.compared, 'call')} compared", f"{count(row.retraced, 'retrace')} checked"
    spread = (
        f"{count(row.states, 'distinct state')}, {_signatures(row.signatures, signatures)}, "
        f"{count(row.compared_paths, 'op sequence')}"
    )
    known, few = row, row.rehearsal
    if few is not None:
        spread = f"{_repeated(few, row)}; {spread}"
    evidence = f"{compared}, {checked}, {spread}"

    def verdict(what: Verdict, code: str, message: str, *more: Reason, rests: bool = True) -> Judgement:
        first = Reason(code, message, evidence if rests else "")
        return _with_variant(function, observation, known, what, first, *more)

    if row.refutations:
        code, reason = next(iter(row.refutations.items()))
        return verdict(Verdict.REFUTED, code, original(f"{_lead(code)}{reason}", root) or reason)
    doubts = [(name, text) for name, text in row.doubts.items() if name != "nudge"]
    if doubts:
        return verdict(Verdict.INCONCLUSIVE, *doubts[0])
    if few is not None:
        if row.calls < observation.calls or row.compared + few.built < row.calls:
            why = f"not all of its {observation.calls} calls could be compared: {evidence}"
            return verdict(Verdict.INCONCLUSIVE, "few-compared", why, rests=False)
        row = replace(
            row,
            compared=row.compared + few.repeats,
            states=few.states,
            reads_nothing=few.reads_nothing,
            retraced=row.retraced + few.retraced,
        )
    if row.compared < LEAST_COMPARED or (row.states < LEAST_STATES and not row.reads_nothing):
        ended = not died and row.compared < LEAST_COMPARED and row.calls < observation.calls
        why = f"too little evidence: {evidence}" + (f"; {died}" if died else f"; {LONGER}" if ended else "")
        little = Reason("little-evidence", why, move=Move.BUDGET if ended else Move.NOBODY)
        return _with_variant(function, observation, known, Verdict.INCONCLUSIVE, little)
    if row.retraced < 1:
        return verdict(Verdict.INCONCLUSIVE, "one-trace", "its trace was never compared with a later one")
    if observation.threads > 1:
        why = f"it was called in {observation.threads} threads, but only the calls of one thread can be compared"
        return verdict(Verdict.INCONCLUSIVE, "threads", why)
    if observation.calls < LEAST_CALLS and few is None and 2 * row.traces > row.compared:
        # The observed signatures are too few to show whether their number grows with the calls.
        why = f"it was traced {row.traces} times in {count(row.compared, 'compared call')}"
        said = f"{why}, too few calls to tell whether the traces end; {LONGER}"
        return verdict(Verdict.INCONCLUSIVE, "few-calls", said)
    # At the end of the data there is no batch to compute with.
    errors = [text for text in observation.exceptions if not text.startswith("OutOfRangeError")]
    if errors and not row.raised:
        # Eager code stops at the error. A graph may run what does not depend on it, such as an update of variables.
        said = f"it raised {errors[0]} in the observed run, and no such call was compared"
        return verdict(Verdict.INCONCLUSIVE, "raises", f"{said}: a graph may change variables before it stops")
    if row.unseen_path_calls > 0:
        said = f"{row.unseen_path_calls} calls ran an op sequence that was never compared"
        return verdict(Verdict.INCONCLUSIVE, "unseen-path", said)
    reasons = []
    if captured := row.captured:
        shown = ", ".join(original(text, root) or text for text in captured[:3])
        number = count(len(captured), "constant tensor")
        reasons.append(Reason("captures", f"its graph keeps {number}, which did not change: {shown}"))
    read = dict(function.results_read)
    for part in row.returned:
        said = "is a variable; a graph returns its value, and the project only reads the value"
        reasons.append(Reason("returns-variable", f"its result{part} {said} ({read[part]})", place=read[part]))
    agreed = Reason("agreed", f"eager and graph agree ({compared}, {checked})", spread)
    return _with_variant(function, observation, known, Verdict.CONFIRMED, agreed, *reasons)


def _repeated(few: RehearsedRow, row: CheckedRow) -> str:
    """The evidence for the verdict on a candidate with few calls."""
    moved = "with nothing to perturb" if few.reads_nothing else f"in {count(few.states, 'distinct state')}"
    lost = f" ({few.abandoned} given up)" if few.abandoned else ""
    return f"from {count(row.calls, 'real call')}, replayed {count(few.repeats, 'time')} {moved}{lost}"


def _signatures(compared: int, observed: int) -> str:
    """The number of compared signatures, and of observed ones if there were more."""
    if 0 < compared < observed:
        return f"{compared:,} of {observed:,} signatures"
    return count(max(compared, 1), "signature")


def _lead(code: str) -> str:
    return {
        "unstable": "its trace depends on Python state: ",
        "differs": "the graph computes something different: ",
    }.get(code, "")


def _with_variant(
    function: Function,
    observation: Observation,
    row: CheckedRow,
    verdict: Verdict,
    *reasons: Reason,
) -> Judgement:
    result = VariantResult(
        name="graph",
        outcome=verdict,
        traces=row.traces,
        trace_seconds=row.trace_seconds,
        seconds_per_call=row.graph_seconds,
        eager_seconds_per_call=row.eager_seconds,
        max_rel_error=row.max_error if row.compared else None,
        retrace_causes=tuple(row.causes),
    )
    return Judgement(function, verdict, reasons, observation, variants=(result,))
