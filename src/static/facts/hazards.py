"""Hazards: what would go wrong if a function became a graph, and how callers inherit it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...records import AssumptionKind, Finding, Group, Step
from ..ir.code import Call, FunctionCode
from ..ir.program import Cell
from ..ir.solver import LINES

#: Maximum steps of a call chain: in a large library, whole chains would fill most of the memory and of the JSON.
LONGEST = 6
#: The same for a doubt: the callee that causes it (its own record says more), and the place of the hazard.
LONGEST_OF_DOUBT = 2


@dataclass(slots=True, eq=False)
class Hazard:
    """A hazard that was found in a function, or inherited from a callee (``inner``, through ``call``).

    ``message`` is a clause that names the function with the hazard.
    ``parameter`` is set if the hazard depends on the argument for that parameter, or on the value of an enclosing
    function's variable (a cell). ``when`` is the condition on that value: "outlives" (the object exists after the
    call), "traced" (it is a tensor during tracing), "rebinds" (the variable itself is assigned).
    ``effect`` marks a Python side effect. ``open`` marks a doubt that exists only because different arguments are
    passed for the parameter. A caller's argument can make it certain; no other doubt becomes certain in a caller.
    ``ambiguous`` marks a hazard that was inherited through a call with several possible targets.
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
    #: The number of calls that lead to the original hazard, and that hazard.
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
        """This hazard as a caller inherits it; ``handed_on``: the caller passes its own argument on unchanged."""
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
        """This hazard as a record, at its line in the function and with the chain of calls.

        ``refuses``: the finding refuses the function, so its author needs the longer chain. ``group`` is the rule's.
        """
        chain = self.chain(LONGEST if refuses else LONGEST_OF_DOUBT)
        return Finding(self.code, self.message, self.owner.module.file, self.line, chain, refuses, group)

    def chain(self, longest: int) -> tuple[Step, ...]:
        """The calls that lead to the hazard, then the hazard itself; the last calls are left out beyond ``longest``."""
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
