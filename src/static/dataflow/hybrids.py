"""Which functions are already a `tf.function`: those passed to ``tf.function``, and those that Keras traces.

If a switch may still make one run eagerly, this is recorded; a function that Keras traces then does not count.
"""

from __future__ import annotations

from ..ir.code import Call, FunctionCode
from ..ir.values import Bound, Function, Instance, Value, Wrapped
from .calls import Calls
from .switches import find_switches

#: If more functions reach one call of ``tf.function``, it is in a wrapper whose uses the analysis has merged.
MIXED = 3


def mark_hybrids(calls: Calls) -> None:
    """Record for each hybrid function how it became one. The graph must be solved."""
    for call, node in calls.conversions:
        text = call.text or "tf.function"
        if call.decorates is not None:
            _mark(call.decorates, text, call)
            continue
        uses = _uses_as_decorator(call.owner)
        if uses:
            for use in uses:
                assert use.decorates is not None
                _mark(use.decorates, f"{use.text} ({text})", use)
            continue
        functions = list(dict.fromkeys(code for value in node.values if (code := _function(calls, value))))
        if len(functions) <= MIXED:
            for code in functions:
                _mark(code, text, call)
    _mark_fitted(calls)


def _mark_fitted(calls: Calls) -> None:
    """Mark the steps that ``Model.fit`` and similar methods trace, unless a switch may make them run eagerly."""
    switches = find_switches(calls)
    everywhere = switches.for_functions()
    if everywhere is not None:
        for code in calls.program.functions:
            if code.hybrid is not None:
                code.switched = everywhere.words
    for call, owner, code in calls.fitted:
        switch = switches.for_model(owner)
        if switch is None and code.hybrid is None:
            code.hybrid = "Model.fit traces it"
        elif switch is not None:
            code.switched = switch.words
            for binding in call.targets:
                if binding.mode == "graph":
                    binding.mode = "call"


def _mark(code: FunctionCode, text: str, call: Call) -> None:
    if code.hybrid is None:
        code.hybrid = text
        code.hybrid_call = call


def _uses_as_decorator(owner: FunctionCode) -> list[Call]:
    """The uses of a function, or of one that it is nested in, as a decorator."""
    found: list[Call] = []
    current: FunctionCode | None = owner
    while current is not None and not current.is_body:
        found += [call for call, _ in current.callers if call.decorates is not None]
        current = current.parent
    return found


def _function(calls: Calls, value: Value) -> FunctionCode | None:
    inner = value.inner if isinstance(value, Wrapped) else value
    if isinstance(inner, (Function, Bound)):
        return inner.code
    if isinstance(inner, Instance):
        return calls.find_method(inner.code, "call") or calls.find_method(inner.code, "__call__")
    return None
