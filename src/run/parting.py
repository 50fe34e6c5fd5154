"""Where in a function that a run has refuted the cause stands: the rest of it may still become a function.

What a call has changed is seen, and often not which line did it. Then the training step in the function is the rest, if
something else stands beside it: a run tells whether that is it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..dynamic.wording import effect_code
from ..records import Action, Judgement, Verdict
from ..rewrite.lines import line_in
from .work import Work

#: What takes less of the time is left refuted.
LEAST_SHARE = 0.1


def refuted_lines(work: Work) -> Mapping[str, frozenset[int]]:
    """The functions that were refuted for lines of their own, with these as the scanned source has them.

    Of an effect the line need not be known: there may be none.
    """
    found = {}
    for judgement in work.judgements.values():
        function = judgement.function
        if judgement.verdict is not Verdict.REFUTED or function.id in work.parted or not _may_be_parted(judgement):
            continue
        lines = _own_lines(judgement)
        effects = {effect_code(effect.kind) for effect in judgement.observation.effects}
        if lines or judgement.reasons[0].code in effects:
            found[function.id] = frozenset(line_in(work.base, "", function.file, line) for line in lines)
    return found


def _may_be_parted(judgement: Judgement) -> bool:
    function, share = judgement.function, judgement.observation.share_at_most
    is_function = function.region is None and function.proposal is Action.HYBRIDIZE and function.hybrid is None
    return is_function and (share is None or share >= LEAST_SHARE)


def _own_lines(judgement: Judgement) -> set[int]:
    function = judgement.function
    places = (reason.place.rpartition(":") for reason in judgement.reasons)
    lines = {int(line) for file, _, line in places if file == function.file}
    return {line for line in lines if function.line < line <= function.end_line}
