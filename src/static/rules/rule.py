"""What a rule is: a class in a file of its own, found by being there."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import ClassVar

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Event


class Polarity(Enum):
    """What becomes of a doubt: it refuses the function, or it becomes an assumption for a run to check."""

    REFUSES = "a doubt refuses"
    ASSUMES = "a doubt becomes an assumption"


class Move(Enum):
    """Whose move it is where the rule refuses."""

    YOURS = "yours: the code can be changed"
    OURS = "ours: the analysis or the rewriting can't do better yet"
    FUNDAMENTAL = "nobody's: a graph can't do this"


class Rule:
    """One hazard under ``tf.function``.

    The docstring is the rule's documentation page. ``INVALID`` and ``VALID`` are programs: in each of
    the first, some function has a finding of this rule; in none of the second. ``events`` are the
    kinds of events that ``visit`` is given, ``topics`` those of the calls (see ``topics``).
    """

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""
    polarity: ClassVar[Polarity] = Polarity.ASSUMES
    move: ClassVar[Move] = Move.YOURS
    assumption: ClassVar[AssumptionKind] = AssumptionKind.TRACEABLE
    events: ClassVar[tuple[type[Event], ...]] = ()
    topics: ClassVar[tuple[str, ...]] = ()
    VALID: ClassVar[tuple[str, ...]] = ()
    INVALID: ClassVar[tuple[str, ...]] = ()

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazards of one event."""
        return ()

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        return ()
