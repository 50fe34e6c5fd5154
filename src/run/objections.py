"""What speaks against a plan that was run cold, and what is known of one that stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from ..records import Drift, Judgement, Variant, Verdict


@dataclass(frozen=True)
class Objection:
    """What speaks against a plan that was run cold.

    ``culprits`` are the candidates that the failure itself names, by id: whoever stands where it was raised, or, where
    it is ``certain``, whoever has done it. ``short``: nothing does, but the run did not come far enough to tell.
    """

    verdict: Verdict
    reason: str
    culprits: frozenset[str] = frozenset()
    certain: bool = False
    short: bool = False


@dataclass(frozen=True)
class Stood:
    """A plan that has run cold as the script does: its candidates, the drift that was measured, the units compared.

    ``whole`` says whether these were as many as are wanted, or all that the script has.
    """

    chosen: tuple[Judgement, ...]
    drift: Drift | None
    units: int
    whole: bool

    @property
    def form(self) -> frozenset[tuple[str, Variant]]:
        """What was run: each candidate with its variant."""
        return form_of(self.chosen)


def form_of(chosen: Sequence[Judgement]) -> frozenset[tuple[str, Variant]]:
    """What a plan would be written as: each candidate with its variant."""
    return frozenset((judgement.function.id, judgement.variant) for judgement in chosen)


LONGER = "use a longer --budget"
OUT_OF_TIME = Objection(
    Verdict.INCONCLUSIVE, f"the budget ended before it was run in a fresh process; {LONGER}", short=True
)
NOT_REACHED = Objection(
    Verdict.INCONCLUSIVE, f"the run in a fresh process did not reach a call of it; {LONGER}", short=True
)
NOT_ISOLATED = f"the budget ended before it was run without the others; {LONGER}"


def is_disagreement(objection: Objection | None) -> TypeGuard[Objection]:
    """Whether something speaks against a plan; that a run was short does not, and nothing is divided for it."""
    return objection is not None and not objection.short


def came_short(reason: str) -> Objection:
    """An objection of a run that did not come far enough to tell."""
    return Objection(Verdict.INCONCLUSIVE, reason, short=True)
