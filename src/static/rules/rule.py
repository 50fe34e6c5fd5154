"""A rule: a class in its own file in this folder, which registers it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import ClassVar, NamedTuple

from ...records import Action, AssumptionKind
from ...records import Group as Group
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Event
from .case import Case


class Polarity(Enum):
    """What an uncertain finding does: it refuses the function, or it becomes an assumption that a run checks."""

    REFUSES = "the function is refused"
    ASSUMES = "a run checks it as an assumption"


class Move(Enum):
    """Who can act when the rule refuses a function."""

    YOURS = "you, by changing the code"
    OURS = "hybridize (a limit of its analysis or rewriting)"
    FUNDAMENTAL = "no one (a limit of graphs)"


#: The rank of a rule about what a function is. It comes before rules about what the function does.
FIRST = 0


class Example(NamedTuple):
    """A program with a finding of the rule, and the first finding: its line, its certainty and its message."""

    program: str
    line: int
    certain: bool
    message: str


class Judgement(NamedTuple):
    """A rule's judgement of a whole function: a clause, and the proposed action (by default none)."""

    message: str
    action: Action = Action.NONE


class Rule:
    """One hazard under ``tf.function``.

    The docstring is the rule's documentation page. Each program in ``INVALID`` has a finding of this rule; no program
    in ``VALID`` has one. ``events`` are the kinds of events passed to ``visit``, and ``topics`` the kinds of calls (see
    ``topics``). ``rank`` orders the reasons for a refusal: the lowest is named first. It defaults to the group's.
    """

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""
    group: ClassVar[Group]
    rank: ClassVar[int] = -1
    polarity: ClassVar[Polarity] = Polarity.ASSUMES
    move: ClassVar[Move] = Move.YOURS
    assumption: ClassVar[AssumptionKind] = AssumptionKind.TRACEABLE
    events: ClassVar[tuple[type[Event], ...]] = ()
    topics: ClassVar[tuple[str, ...]] = ()
    VALID: ClassVar[tuple[str, ...]] = ()
    INVALID: ClassVar[tuple[Example, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Take the rank from the group."""
        if cls.rank < 0 and "group" in vars(cls):
            cls.rank = 1 + list(Group).index(cls.group)

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazards of one event."""
        return ()

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        return ()

    def judge(self, case: Case) -> Judgement | None:
        """The rule's judgement of a function whose hazards are all known: why a graph is not wanted, or which action to
        propose. None if the rule has none."""
        return None
