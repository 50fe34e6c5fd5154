"""A function before the judgement: what rules ask that look at it as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from ..facts.hazards import Hazard
from ..facts.view import Facts, name_of
from ..ir.code import FunctionCode


@dataclass(frozen=True)
class Case:
    """A function, and what is known of it.

    ``effect`` is an effect that it certainly has; ``outer`` the function that defines it anew in every call and that
    it is a part of.
    """

    facts: Facts
    code: FunctionCode
    computes: bool | None
    has_tensor: bool | None
    effect: Hazard | None
    outer: FunctionCode | None

    @property
    def name(self) -> str:
        """How a message names the function."""
        return name_of(self.code)

    @property
    def is_new(self) -> bool:
        """Whether it is no hybrid yet."""
        return self.code.hybrid is None

    @property
    def is_decorated(self) -> bool:
        """Whether it is a hybrid by a decorator, and by nothing that would have to be undone first."""
        call = self.code.hybrid_call
        return call is not None and call.decorates is not None and self.effect is None
