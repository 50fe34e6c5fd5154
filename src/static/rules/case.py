"""The facts about a function for rules that judge it as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from ..facts.hazards import Hazard
from ..facts.view import Facts, name_of
from ..ir.code import FunctionCode


@dataclass(frozen=True)
class Case:
    """A function, and the facts about it.

    ``effect`` is a certain effect of it. ``outer`` is the enclosing function that redefines it in every call.
    """

    facts: Facts
    code: FunctionCode
    computes: bool | None
    has_tensor: bool | None
    effect: Hazard | None
    outer: FunctionCode | None

    @property
    def name(self) -> str:
        """The name of the function in messages."""
        return name_of(self.code)

    @property
    def is_new(self) -> bool:
        """Whether it is not a hybrid yet."""
        return self.code.hybrid is None

    @property
    def is_decorated(self) -> bool:
        """Whether it is a hybrid by a decorator, and has no certain effect."""
        call = self.code.hybrid_call
        return call is not None and call.decorates is not None and self.effect is None
