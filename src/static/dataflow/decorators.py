"""Project decorators that can be looked through: their wrapper passes all arguments on to the decorated function."""

from __future__ import annotations

from ..ir.code import FunctionCode
from ..ir.solver import Node
from ..ir.values import Function


def passing_wrapper(decorator: FunctionCode) -> FunctionCode | None:
    """The nested function that ``decorator`` returns, if it calls its argument with all of its own."""
    if not decorator.parameters:
        return None
    for value in decorator.returns.values:
        if isinstance(value, Function) and value.code.parent is decorator:
            kinds = {parameter.kind for parameter in value.code.parameters}
            if "star" in kinds and any(call.stars for call in value.code.calls):
                return value.code
    return None


def returned_by(wrapper: FunctionCode) -> tuple[bool, list[Node]]:
    """Whether a wrapper that passes all arguments on returns that call's result, and its other return nodes."""
    results = [call.result for call in wrapper.calls if call.stars]
    seen, pending, others, passed = {wrapper.returns}, [wrapper.returns], [], False
    while pending:
        node = pending.pop()
        if node in results:
            passed = True
        elif isinstance(node.origin, list):
            following = [each for each in node.origin if each not in seen]
            seen.update(following)
            pending += following
        else:
            others.append(node)
    return passed, others
