"""The hazards that a function's record reports: all certain ones, and the nearest doubts.

A function of a large library, and each of its callers, may reach hundreds of doubtful lines. The record of the function
with the line reports it. The record of a caller reports a few of them, and the number of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...records import AssumptionKind
from ..facts.hazards import Hazard

#: Maximum doubts of one rule in a record; the function's own come before those of its callees.
_LINES = 2
#: Maximum doubts from callees in a record.
_INHERITED = 2
#: Assumptions that a run checks for each subject; for the other kinds, one check is enough.
_BY_SUBJECT = (AssumptionKind.ARGUMENT_TYPE, AssumptionKind.SAME_OBJECT)


@dataclass(frozen=True)
class Told:
    """The hazards that a record reports, in order, and the number of other doubts, by rule."""

    hazards: list[Hazard]
    more: tuple[tuple[str, int], ...]


def tell(hazards: Iterable[Hazard], refuses: Callable[[Hazard], bool]) -> Told:
    """Choose the hazards to report: all for which ``refuses`` is true, and the nearest doubts.

    Each kind of assumption that a doubt needs is reported with at least one doubt.
    """
    nearest: dict[tuple[str, bool, int, str, int], Hazard] = {}
    for hazard in hazards:
        # An enum's hash is slow, and a large library has millions of hazards.
        key = (hazard.code, hazard.certain, hazard.innermost.place, hazard.subject, id(hazard.assumption))
        held = nearest.get(key)
        if held is None or (hazard.depth, hazard.line) < (held.depth, held.line):
            nearest[key] = hazard
    told: set[Hazard] = set()
    left: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    kinds: list[AssumptionKind] = []
    inherited = 0
    for hazard in sorted(nearest.values(), key=lambda hazard: hazard.depth):
        if refuses(hazard):
            told.add(hazard)
            continue
        is_own = hazard.inner is None
        is_more = lines[hazard.code] >= _LINES or (not is_own and inherited >= _INHERITED)
        if is_more and hazard.assumption in kinds and hazard.assumption not in _BY_SUBJECT:
            left[hazard.code] += 1
            continue
        told.add(hazard)
        kinds.append(hazard.assumption)
        lines[hazard.code] += 1
        inherited += not is_own
    return Told([each for each in nearest.values() if each in told], tuple(sorted(left.items())))
