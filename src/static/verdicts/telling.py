"""What a record tells of a function's hazards: all that is certain, and of the doubts those nearest to it.

A function of a large library reaches hundreds of lines that nobody can be sure of, and so do all that call it. Each of
these lines is told where it stands, and a few of them by each function that reaches it; of the rest the number is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...records import AssumptionKind
from ..facts.hazards import Hazard

#: Lines of doubt that a function tells of one rule, its own before those of what it calls.
_LINES = 2
#: Doubts that it tells of what it calls.
_INHERITED = 2
#: Assumptions that a run checks by their subject; of the other kinds one check settles all.
_BY_SUBJECT = frozenset({AssumptionKind.ARGUMENT_TYPE, AssumptionKind.SAME_OBJECT})


@dataclass(frozen=True)
class Told:
    """The hazards that a record tells, in their order, and how many lines of doubt it does not, by their rules."""

    hazards: list[Hazard]
    more: tuple[tuple[str, int], ...]


def tell(hazards: Iterable[Hazard], refuses: Callable[[Hazard], bool]) -> Told:
    """Choose what to tell: all that ``refuses`` the function, and the nearest doubts.

    Of each kind of assumption that a doubt asks for, one doubt is told at least.
    """
    nearest: dict[tuple[str, bool, int, str, int], Hazard] = {}
    for hazard in hazards:
        # An enum's hash is slow, and this is asked of millions in a large library.
        key = (hazard.code, hazard.certain, hazard.innermost.place, hazard.subject, id(hazard.assumption))
        held = nearest.get(key)
        if held is None or (hazard.depth, hazard.line) < (held.depth, held.line):
            nearest[key] = hazard
    told: set[Hazard] = set()
    left: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    kinds: set[AssumptionKind] = set()
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
        kinds.add(hazard.assumption)
        lines[hazard.code] += 1
        inherited += not is_own
    return Told([each for each in nearest.values() if each in told], tuple(sorted(left.items())))
