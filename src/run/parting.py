"""Finds the lines that caused a function's refutation, because the rest of it may still become a function.

A run shows what a call has changed, but often not which line did it. If the function contains more than its training
step, that step is tried as the rest, and a run decides. If the trace depends on Python state, the call can pass that
state to the new function, which may then contain all of the refuted one.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..dynamic.wording import effect_code
from ..records import Action, Judgement, Refuted, Verdict
from ..rewrite.lines import line_in
from .work import Work

#: A function with a smaller share of the time stays refuted.
LEAST_SHARE = 0.1
#: The codes of reasons about Python state that a trace reads and that changes the graph, or may change it.
_OF_STATE = frozenset({"unstable", "state-changes"})


def refuted_parts(work: Work) -> Mapping[str, Refuted]:
    """The functions that were refuted because of some of their lines or of state, with these lines in the scanned
    source.

    The lines may be empty, because the line of an effect is not always known. Lines that read state may stay in the
    part if the call passes that state.
    """
    found = {}
    for judgement in work.judgements.values():
        function, code = judgement.function, judgement.reasons[0].code if judgement.reasons else ""
        if function.id in work.parted or not _may_be_parted(judgement):
            continue
        by_state = code in _OF_STATE
        if judgement.verdict is not Verdict.REFUTED and not (by_state and judgement.verdict is Verdict.INCONCLUSIVE):
            continue
        lines = _own_lines(judgement)
        effects = {effect_code(effect.kind) for effect in judgement.observation.effects}
        if lines or by_state or code in effects:
            placed = frozenset(line_in(work.base, "", function.file, line) for line in lines)
            found[function.id] = Refuted(placed, by_state)
    return found


def _may_be_parted(judgement: Judgement) -> bool:
    function, share = judgement.function, judgement.observation.share_at_most
    is_function = function.region is None and function.proposal is Action.HYBRIDIZE and function.hybrid is None
    return is_function and (share is None or share >= LEAST_SHARE)


def _own_lines(judgement: Judgement) -> set[int]:
    function = judgement.function
    places = (reason.place.rpartition(":") for reason in judgement.reasons if reason.code not in _OF_STATE)
    lines = {int(line) for file, _, line in places if file == function.file}
    return {line for line in lines if function.line < line <= function.end_line}
