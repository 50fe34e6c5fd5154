"""Hazards: what would go wrong if a function became a graph, and how callers inherit it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...records import AssumptionKind, Finding, Group, Step
from ..ir.code import Call, FunctionCode
from ..ir.program import Cell
from ..ir.solver import LINES

#: Steps of a chain: whole chains would be most of what is kept, and of the JSON, of a large library.
LONGEST = 6
#: Those of a doubt: the callee that brings it, whose own record tells more, and where it stands.
LONGEST_OF_DOUBT = 2


@dataclass(slots=True, eq=False)
class Hazard:
    """One thing seen in one function, or inherited from a callee (``inner``, through ``call``).

    ``message`` is a clause that names the function which does it.
    ``parameter`` is set where it only holds for what that parameter is given, or for what an enclosing
    function's variable holds (a cell): ``when`` says for which: "outlives" (an object that is still there
    after the call), "traced" (a tensor while tracing), "rebinds" (the variable itself is bound anew).
    ``effect`` says that it is a Python side effect; ``open`` that it is doubtful only because the
    parameter itself is given different things, so that one caller's argument decides it: no other doubt ever becomes
    certain in a caller; ``ambiguous`` that it was inherited through a call that may reach other functions instead.
    """

    code: str
    message: str
    owner: FunctionCode
    place: int
    certain: bool
    assumption: AssumptionKind
    subject: str
    parameter: int | Cell | None = None
    when: str = ""
    effect: bool = False
    transitive: bool = True
    open: bool = False
    ambiguous: bool = False
    call: Call | None = None
    inner: Hazard | None = None
    #: How many calls lead to where the hazard stands, and the hazard there.
    depth: int = 0
    innermost: Hazard = field(init=False)

    def __post_init__(self) -> None:
        if self.inner is None:
            self.innermost = self
        else:
            self.innermost = self.inner.innermost
            self.depth = self.inner.depth + 1

    @property
    def line(self) -> int:
        """The line in the owner's file."""
        return self.place % LINES

    def seen_from(
        self, owner: FunctionCode, call: Call, certain: bool, parameter: int | Cell | None, handed_on: bool = False
    ) -> Hazard:
        """This hazard as a caller inherits it; ``handed_on`` says that the caller passes its own argument as it is."""
        return Hazard(
            self.code,
            self.message,
            owner,
            call.place,
            certain,
            self.assumption,
            self.subject,
            parameter,
            self.when if parameter is not None else "",
            self.effect,
            True,
            self.open and not certain and handed_on and call.guard is None,
            self.ambiguous or _reaches_several(call),
            call,
            self,
        )

    def finding(self, refuses: bool, group: Group) -> Finding:
        """This hazard as a record: at the line in the function itself, with the chain of calls behind it.

        ``refuses`` says that the finding refuses the function, whose author will want to follow the calls; ``group`` is
        the rule's.
        """
        chain = self.chain(LONGEST if refuses else LONGEST_OF_DOUBT)
        return Finding(self.code, self.message, self.owner.module.file, self.line, chain, refuses, group)

    def chain(self, longest: int) -> tuple[Step, ...]:
        """The calls that lead to the hazard, and the hazard itself; of many the first calls and the last step."""
        steps: list[Step] = []
        hazard = self
        while hazard.inner is not None:
            if len(steps) < longest - 1:
                note = f"calls {hazard.inner.owner.qualname}"
                steps.append(Step(hazard.owner.module.file, hazard.line, note))
            hazard = hazard.inner
        return (*steps, Step(hazard.owner.module.file, hazard.line, hazard.message))


def _reaches_several(call: Call) -> bool:
    first: FunctionCode | None = None
    for binding in call.targets:
        if binding.mode == "call":
            if first is not None and binding.code is not first:
                return True
            first = binding.code
    return False
