"""Results of the cold runs of plans: objections, and plans that held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from ..dynamic.wording import LONGER
from ..records import Drift, Judgement, Variant, Verdict


@dataclass(frozen=True)
class Objection:
    """The evidence of a cold run against a plan.

    ``culprits`` are the ids of the candidates that the failure names: those that contain the failing line or, if
    ``certain``, those that caused it. ``short``: there is no evidence, but the run was too short to decide.
    """

    verdict: Verdict
    reason: str
    culprits: frozenset[str] = frozenset()
    certain: bool = False
    short: bool = False


@dataclass(frozen=True)
class Stood:
    """A plan whose cold run agreed with the script: its candidates, the measured drift, and the number of compared
    units.

    ``whole``: that is as many units as intended, or all that the script has.
    """

    chosen: tuple[Judgement, ...]
    drift: Drift | None
    units: int
    whole: bool

    @property
    def form(self) -> frozenset[tuple[str, Variant]]:
        """The plan that was run: each candidate with its variant."""
        return form_of(self.chosen)


def form_of(chosen: Sequence[Judgement]) -> frozenset[tuple[str, Variant]]:
    """The form in which a plan would be written: each candidate with its variant."""
    return frozenset((judgement.function.id, judgement.variant) for judgement in chosen)


OUT_OF_TIME = Objection(
    Verdict.INCONCLUSIVE, f"the budget ended before it was run in a fresh process; {LONGER}", short=True
)
NOT_REACHED = Objection(
    Verdict.INCONCLUSIVE, f"the run in a fresh process did not reach a call of it; {LONGER}", short=True
)
NOT_ISOLATED = f"the budget ended before it was run without the others; {LONGER}"


def is_disagreement(objection: Objection | None) -> TypeGuard[Objection]:
    """Whether there is evidence against a plan. A run that was too short is none, so the plan is not divided for it."""
    return objection is not None and not objection.short


def came_short(reason: str) -> Objection:
    """The objection of a run that was too short to decide."""
    return Objection(Verdict.INCONCLUSIVE, reason, short=True)
