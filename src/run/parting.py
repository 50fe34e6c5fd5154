"""Where in a function that a run has refuted the cause stands: the rest of it may still become a function.

What a call has changed is seen, and often not which line did it. Then the training step in the function is the rest, if
something else stands beside it: a run tells whether that is it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..records import Action, Function, Judgement, Verdict
from ..rewrite.lines import line_in
from .work import Work

#: What takes less of the time is left refuted.
LEAST_SHARE = 0.1
_PLACE = re.compile(r"(?<![\w./-])([\w./-]+\.py):(\d+)")


def refuted_lines(work: Work) -> Mapping[str, frozenset[int]]:
    """The functions that were refuted for lines of their own, with these as the scanned source has them.

    Of an effect the line need not be known: there may be none.
    """
    found = {}
    for judgement in work.judgements.values():
        function = judgement.function
        if judgement.verdict is not Verdict.REFUTED or function.id in work.parted or not _may_be_parted(judgement):
            continue
        told = " ".join(f"{reason.place} {reason.message}" for reason in judgement.reasons)
        lines = _own_lines(function, told)
        if lines or judgement.reasons[0].code.startswith("effect-"):
            found[function.id] = frozenset(line_in(work.base, "", function.file, line) for line in lines)
    return found


def _may_be_parted(judgement: Judgement) -> bool:
    function, share = judgement.function, judgement.observation.share_at_most
    is_function = function.region is None and function.proposal is Action.HYBRIDIZE and function.hybrid is None
    return is_function and (share is None or share >= LEAST_SHARE)


def _own_lines(function: Function, told: str) -> set[int]:
    places = ((file, int(line)) for file, line in _PLACE.findall(told))
    return {line for file, line in places if file == function.file and function.line < line <= function.end_line}
