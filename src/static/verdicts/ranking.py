"""Ranks the candidates by confidence, and gives the reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...records import Action, Confidence, Function
from ..facts.signs import names_step, opens_tape
from ..facts.view import Facts
from ..ir.code import Call, Event, FunctionCode

_ORDER = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}
_UPDATES = frozenset({"apply_gradients", "minimize"})
#: Evidence of a step, as clauses with the candidate as subject; the last is for statements that are not a function.
_OPENS, _UPDATING, IN_LOOP = "opens a gradient tape", "updates variables with an optimizer", "is inside a loop"


def weigh(facts: Facts, code: FunctionCode, has_tensor: bool | None) -> tuple[Confidence, tuple[str, ...]]:
    """The confidence in a candidate, and the evidence for it, as clauses with the function as subject."""
    computes = facts.computes.get(code)
    why = [*_of_a_step(code)]
    step = bool(why)
    hot = facts.heat.of(code)
    why += [hot] if hot is not None else []
    if has_tensor is True:
        why.append("receives tensors")
    if computes is True:
        why.append("computes with tensors")
    elif code in facts.signs:
        why.append("shows signs of tensor operations, in its body or its callees")
    else:
        why.append("passes tensors to unknown code")
    if step or (hot is not None and computes is True and (has_tensor is True or code in facts.signs)):
        return Confidence.HIGH, tuple(why)
    known = computes is True and (has_tensor is True or hot is not None or code in facts.signs)
    return (Confidence.MEDIUM if known else Confidence.LOW), tuple(why)


def _of_a_step(code: FunctionCode) -> Iterable[str]:
    if any(map(opens_tape, code.events)):
        yield _OPENS
    if any(map(_updates, code.events)):
        yield _UPDATING
    if names_step(code):
        yield "is named like a step"


def _updates(event: Event) -> bool:
    return isinstance(event, Call) and event.attribute in _UPDATES


def rank(functions: Sequence[Function]) -> list[Function]:
    """Set the ranks of the candidates: by confidence, then steps first, then by the number of doubts."""
    candidates = [each for each in functions if each.proposal is not Action.NONE]
    ordered = sorted(candidates, key=_key)
    ranks = {each.id: number for number, each in enumerate(ordered, 1)}
    return [each if each.proposal is Action.NONE else replace(each, rank=ranks[each.id]) for each in functions]


def _key(function: Function) -> tuple[int, bool, int, str, int, str]:
    assert function.confidence is not None
    steps = not {_OPENS, _UPDATING, IN_LOOP}.isdisjoint(function.rests_on)
    doubts = sum(assumption.code is not None for assumption in function.assumptions)
    doubts += sum(number for _, number in function.more)
    return _ORDER[function.confidence], not steps, doubts, function.file, function.line, function.id
