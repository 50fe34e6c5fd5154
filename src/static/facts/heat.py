"""Which functions are called often, as far as the source shows."""

from __future__ import annotations

from ..ir.code import Call, FunctionCode
from ..ir.program import Program
from ..ir.solver import LINES
from .callgraph import TRACED_MODES, CallGraph, is_test
from .signs import is_step


class Heat:
    """Which functions are called often: in a loop, by a step, or by a function that is called often."""

    def __init__(self, program: Program, graph: CallGraph) -> None:
        self._why: dict[FunctionCode, str] = {}
        #: The training steps and similar steps.
        self.steps = {code for code in program.functions if not code.is_body and is_step(code)}
        pending: list[FunctionCode] = []
        for code in program.functions:
            if code.is_body or is_test(code.module):
                continue
            call = next((call for call, binding in code.callers if binding.mode == "call" and _repeats(call)), None)
            if call is not None:
                self._why[code] = f"is called in a loop ({call.owner.module.file}:{call.place % LINES})"
                pending.append(code)
            elif code in self.steps:
                pending.append(code)
        seen = set(pending)
        while pending:
            code = pending.pop()
            for _, binding in graph.callees.get(code, ()):
                target = binding.code
                if binding.mode in TRACED_MODES and target not in seen:
                    seen.add(target)
                    self._why[target] = f"is called by {code.qualname}, which {self._why.get(code, 'is a step')}"
                    pending.append(target)

    def of(self, code: FunctionCode) -> str | None:
        """Why a function is called often, as a clause; None if nothing shows it."""
        return self._why.get(code)


def _repeats(call: Call) -> bool:
    return call.in_loop and not is_test(call.owner.module)
