"""What a rule is: a class in a file of its own, found by being there."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import ClassVar, NamedTuple

from ...records import Action, AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Event
from .case import Case


class Polarity(Enum):
    """What becomes of a doubt: it refuses the function, or it becomes an assumption for a run to check."""

    REFUSES = "a doubt refuses"
    ASSUMES = "a doubt becomes an assumption"


class Move(Enum):
    """Whose move it is where the rule refuses."""

    YOURS = "yours: the code can be changed"
    OURS = "ours: the analysis or the rewriting can't do better yet"
    FUNDAMENTAL = "nobody's: a graph can't do this"


class Group(Enum):
    """What a rule is about. Of the reasons that refuse a function, those of the first group are named first."""

    EFFECTS = "Python side effects and state"
    TRACING = "Tracing raises"
    KERAS = "Keras and variables"
    RESULTS = "Results differ"
    BENEFIT = "Nothing to gain"
    HYBRIDS = "Functions that are hybrid already"


#: The rank of a rule that says what a function is, before anything that it does.
FIRST = 0


class Example(NamedTuple):
    """A program in which a rule finds something, and what the first of that is."""

    program: str
    line: int
    certain: bool
    message: str


class Judgement(NamedTuple):
    """What a rule says of a function as a whole: a clause, and what is to be done (by default, nothing)."""

    message: str
    action: Action = Action.NONE


class Rule:
    """One hazard under ``tf.function``.

    The docstring is the rule's documentation page. ``INVALID`` and ``VALID`` are programs: in each of
    the first, some function has a finding of this rule; in none of the second. ``events`` are the
    kinds of events that ``visit`` is given, ``topics`` those of the calls (see ``topics``). ``rank`` says which of
    several reasons is named first; it is the group's, if the rule does not say otherwise.
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
        """What the rule says of a function of which all hazards are known: why nobody wants it as a graph, or what it
        is as one; None where it says nothing."""
        return None
