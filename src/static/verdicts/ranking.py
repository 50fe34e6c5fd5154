"""Which candidates are worth trying first, and what says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...records import Action, Confidence, Function
from ..facts.callgraph import TRACED_MODES, CallGraph
from ..facts.pointless import is_test
from ..facts.signs import is_step, names_step, opens_tape
from ..facts.view import Facts
from ..ir.code import Call, Event, FunctionCode
from ..ir.program import Program
from ..ir.solver import LINES

_ORDER = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}
_UPDATES = frozenset({"apply_gradients", "minimize"})


class Heat:
    """Which functions are called often, as far as source shows: in a loop, by a step, or by what is."""

    def __init__(self, program: Program, graph: CallGraph) -> None:
        self._why: dict[FunctionCode, str] = {}
        pending: list[FunctionCode] = []
        for code in program.functions:
            if code.is_body or is_test(code.module):
                continue
            call = next((call for call, binding in code.callers if binding.mode == "call" and _repeats(call)), None)
            if call is not None:
                self._why[code] = f"is called in a loop ({call.owner.module.file}:{call.place % LINES})"
                pending.append(code)
            elif is_step(code):
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
        """Why a function is called often, as a clause; None where nothing says so."""
        return self._why.get(code)


def weigh(facts: Facts, heat: Heat, code: FunctionCode, has_tensor: bool | None) -> tuple[Confidence, tuple[str, ...]]:
    """How much speaks for a candidate, and what: clauses of which the function is the subject."""
    computes = facts.computes.get(code)
    why = [*_of_a_step(code)]
    step = bool(why)
    hot = heat.of(code)
    why += [hot] if hot is not None else []
    if has_tensor is True:
        why.append("is given tensors")
    if computes is True:
        why.append("computes with tensors")
    elif code in facts.signs:
        why.append("has signs of tensor work in it or in what it calls")
    else:
        why.append("hands tensors to code that is not known")
    if step or (hot is not None and computes is True and (has_tensor is True or code in facts.signs)):
        return Confidence.HIGH, tuple(why)
    known = computes is True and (has_tensor is True or hot is not None or code in facts.signs)
    return (Confidence.MEDIUM if known else Confidence.LOW), tuple(why)


def _repeats(call: Call) -> bool:
    return call.in_loop and not is_test(call.owner.module)


def _of_a_step(code: FunctionCode) -> Iterable[str]:
    if any(map(opens_tape, code.events)):
        yield "opens a gradient tape"
    if any(map(_updates, code.events)):
        yield "updates variables by an optimizer"
    if names_step(code):
        yield "is named like a step"


def _updates(event: Event) -> bool:
    return isinstance(event, Call) and event.attribute in _UPDATES


def rank(functions: Sequence[Function]) -> list[Function]:
    """Give the candidates their ranks: the most confident first, then those that a run has least to settle for."""
    candidates = [each for each in functions if each.proposal is not Action.NONE]
    ordered = sorted(candidates, key=_key)
    ranks = {each.id: number for number, each in enumerate(ordered, 1)}
    return [each if each.proposal is Action.NONE else replace(each, rank=ranks[each.id]) for each in functions]


def _key(function: Function) -> tuple[int, bool, int, str, int, str]:
    assert function.confidence is not None
    steps = any(clause.startswith(("opens", "updates", "stands")) for clause in function.rests_on)
    doubts = sum(assumption.code is not None for assumption in function.assumptions)
    doubts += sum(number for _, number in function.more)
    return _ORDER[function.confidence], not steps, doubts, function.file, function.line, function.id
