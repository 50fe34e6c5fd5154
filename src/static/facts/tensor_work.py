"""Whether a function computes with tensors, itself or through its callees."""

from __future__ import annotations

from ..ir.code import Call, FunctionCode, ItemLoad, Iteration, Operation
from ..ir.engine import kind_of
from ..ir.program import Program
from ..ir.values import TENSORS, UNKNOWN, Instance, Thing, Value
from ..libraries.attributes import describe_attribute
from ..libraries.results import computes
from .callgraph import CallGraph

_COMPUTING_THINGS = frozenset(
    {"layer", "model", "loss", "metric", "activation", "initializer", "regularizer", "distribution"}
)
_COMPUTING_METHODS = {
    "optimizer": {"apply_gradients", "apply", "minimize"},
    "tape": {"gradient", "jacobian", "batch_jacobian"},
    "metric": {"update_state", "result"},
    "generator": {"binomial", "normal", "truncated_normal", "uniform", "uniform_full_int"},
    "tensorarray": {"write", "read", "stack", "concat", "gather", "unstack", "scatter"},
    "strategy": {"reduce", "all_reduce", "gather", "merge_call", "experimental_distribute_values_from_function"},
    "moving_average": {"apply"},
    "table": {"lookup"},
    "layer": {"call"},
    "model": {"call"},
}
_IGNORED_OPERATORS = frozenset({"In", "NotIn", "Not", "Is", "IsNot"})
_TRIVIAL_METHODS = frozenset({"numpy", "get_shape", "set_shape", "ref", "item", "tolist"})


def find_computing(program: Program, graph: CallGraph) -> dict[FunctionCode, bool | None]:
    """Whether each function computes with tensors; None if an unknown callee or operand leaves it open."""
    own = {code: _computes_itself(code) for code in program.functions}
    found: dict[FunctionCode, bool | None] = {}
    for component in graph.components:
        answer: bool | None = False
        for code in component:
            answers = [own[code], *(found.get(target, False) for target in graph.traced_targets(code))]
            if True in answers:
                answer = True
            elif None in answers and answer is False:
                answer = None
        for code in component:
            found[code] = answer
    return found


def _computes_itself(code: FunctionCode) -> bool | None:
    doubtful = code.left_out is not None
    for event in code.events:
        kind = type(event)
        if kind is Call:
            answer = call_computes(event)  # type: ignore[arg-type]
        elif kind is Operation:
            answer = operation_computes(event)  # type: ignore[arg-type]
        elif kind is ItemLoad:
            answer = any(value in TENSORS for value in event.base.values)  # type: ignore[attr-defined]
        elif kind is Iteration:
            answer = any(value in TENSORS for value in event.iterable.values)  # type: ignore[attr-defined]
        else:
            continue
        if answer:
            return True
        if answer is None:
            doubtful = True
    return None if doubtful else False


def operation_computes(event: Operation) -> bool | None:
    """Whether an operator computes with tensors; None if an operand is unknown."""
    if event.name in _IGNORED_OPERATORS:
        return False
    doubtful = False
    for operand in event.operands:
        for value in operand.values:
            if value in TENSORS:
                return True
        if not operand.values or UNKNOWN in operand.values:
            doubtful = True
    return None if doubtful else False


def call_computes(call: Call) -> bool | None:
    """Whether a call runs operations, apart from those in the project's callees; None if the callee is unknown."""
    if any(binding.mode == "graph" for binding in call.targets) and not call.methods:
        return False
    for path in call.externals:
        if computes(path):
            return True
    for receiver, name in call.methods:
        if method_computes(receiver, name):
            return True
    if call.unknown:
        return None
    if not call.targets and not call.externals and not call.methods and call.path != "implicit":
        function = call.function
        return None if function is None or not function.values else False
    return False


def method_computes(receiver: Value, name: str) -> bool:
    """Whether a method of a library's or the project's object computes with tensors."""
    if isinstance(receiver, Thing):
        if name == "__call__":
            return receiver.kind in _COMPUTING_THINGS
        if receiver.kind == "distribution":
            return True
        return name in _COMPUTING_METHODS.get(receiver.kind, ())
    if isinstance(receiver, Instance):
        return receiver.code.kind in _COMPUTING_THINGS and name == "__call__"
    if receiver in TENSORS:
        return name not in _TRIVIAL_METHODS and describe_attribute(kind_of(receiver), name) is None
    return False
