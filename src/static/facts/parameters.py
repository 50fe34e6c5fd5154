"""The kind of each parameter's values, and the evidence for it."""

from __future__ import annotations

from collections.abc import Container

from ...records import Parameter, ParameterKind, Step
from ..ir.code import FunctionCode, ModuleCode, ParameterCode
from ..ir.solver import LINES, Node, trace_back
from ..ir.values import (
    ARRAY,
    NONE,
    OBJECT,
    SCALARS,
    SHAPE,
    STRUCTURES,
    SYMBOLIC,
    TENSOR_LIKE,
    TENSORS,
    UNKNOWN,
    Box,
    Class,
    Instance,
    Value,
)

#: Maximum number of evidence steps in a record.
MAX_STEPS = 3
#: Maximum nesting depth of containers that are searched.
_DEEPEST = 4


def own_parameters(code: FunctionCode) -> list[tuple[int, ParameterCode]]:
    """The parameters without the receiver, with their positions."""
    skip = 1 if code.takes_self and _is_receiver(code) else 0
    return [(index, parameter) for index, parameter in enumerate(code.parameters) if index >= skip]


def _is_receiver(code: FunctionCode) -> bool:
    """Whether the first parameter is a receiver: a function in a class may also be called on the class, without one."""
    if not code.parameters or code.parameters[0].name in ("self", "cls", "mcs", "_self", "this"):
        return True
    return all(isinstance(value, (Instance, Class)) for value in code.parameters[0].node.values)


def supplied_values(code: FunctionCode, index: int) -> tuple[Value, ...]:
    """The values that call sites, type hints and protocols give a parameter; its default alone does not count.

    Call this only after the graph is solved: the result is cached.
    """
    parameter = code.parameters[index]
    if parameter.supplied is None:
        parameter.supplied = _find_supplied(code, index, parameter)
    return parameter.supplied


def _find_supplied(code: FunctionCode, index: int, parameter: ParameterCode) -> tuple[Value, ...]:
    values = parameter.node.values
    if parameter.hint is not None and code.hybrid is not None:
        values = _follow_hints(code.hybrid, parameter.hint, parameter, values)
    if parameter.default is None:
        return values
    supplied = False
    given: list[Value] = list(parameter.hint.values) if parameter.hint is not None else []
    for _, binding in code.callers:
        nodes = binding.arguments.get(index)
        if nodes:
            supplied = True
            for node in nodes:
                given.extend(node.values)
    if not supplied and parameter.hint is None:
        return tuple(value for value in values if value not in parameter.default.values)
    return tuple(value for value in values if value not in parameter.default.values or value in given)


def _follow_hints(
    hybrid: str, hint: Node, parameter: ParameterCode, values: tuple[Value, ...]
) -> tuple[Value, ...]:
    """The values of a parameter, given ``experimental_follow_type_hints`` of its ``tf.function``.

    With True, it converts the argument to a hinted tensor. With False, it ignores the hint.
    """
    if "experimental_follow_type_hints=False" in hybrid:
        return tuple(value for value in values if value not in hint.values or _given(parameter, value))
    if "experimental_follow_type_hints=True" in hybrid and holds_tensor(hint.values):
        return hint.values
    return values


def _given(parameter: ParameterCode, value: Value) -> bool:
    cause = parameter.node.causes[parameter.node.values.index(value)]
    return cause is not parameter.hint


def holds_tensor(values: tuple[Value, ...]) -> bool:
    """Whether one of these values is a tensor or array, or a container of them."""
    return _holds(values, TENSOR_LIKE)


def holds_scalar(values: tuple[Value, ...]) -> bool:
    """Whether one of these values is a Python number or string, or has one: a container, or a project's object."""
    if _holds(values, SCALARS):
        return True
    instances = (value for value in values if isinstance(value, Instance) and value.code.kind is None)
    return any(
        _holds(node.values, SCALARS, 1) for each in instances for node in each.code.instance_attributes.values()
    )


def _holds(values: tuple[Value, ...], wanted: Container[Value], depth: int = _DEEPEST) -> bool:
    """Whether a value, or one in nested containers down to ``depth``, is wanted; each container is searched once."""
    level, seen = [values], set[Box]()
    for left in range(depth, -1, -1):
        below: list[tuple[Value, ...]] = []
        for found in level:
            for value in found:
                if value in wanted:
                    return True
                if left and isinstance(value, Box) and value.kind in STRUCTURES and value not in seen:
                    seen.add(value)
                    below += (node.values for node in (value.element, *value.fields.values()))
        level = below
    return False


def is_open(values: tuple[Value, ...]) -> bool:
    """Whether the parameter's values are not all known: there are none besides None, or UNKNOWN is among them."""
    return all(value is NONE for value in values) or UNKNOWN in values


def classify(values: tuple[Value, ...]) -> ParameterKind:
    """The parameter kind of these values."""
    tensors = [value for value in values if value in TENSORS]
    if tensors:
        if all(value is SYMBOLIC for value in tensors) and ARRAY not in values:
            return ParameterKind.SYMBOLIC
        return ParameterKind.TENSOR
    if ARRAY in values:
        return ParameterKind.ARRAY
    boxes = [value for value in values if isinstance(value, Box)]
    if any(box.kind in STRUCTURES for box in boxes):
        return ParameterKind.CONTAINER
    if UNKNOWN in values:
        return ParameterKind.UNKNOWN
    if any(value in SCALARS or value is SHAPE for value in values):
        return ParameterKind.SCALAR
    if any(value is not NONE for value in values):
        return ParameterKind.OBJECT
    return ParameterKind.UNKNOWN


def describe_parameters(code: FunctionCode, modules: list[ModuleCode], explained: bool) -> tuple[Parameter, ...]:
    """The records of a function's parameters; their evidence only if they are to be ``explained``."""
    found: list[Parameter] = []
    for index, parameter in own_parameters(code):
        values = supplied_values(code, index)
        if parameter.kind in ("star", "double star"):
            kind = ParameterKind.CONTAINER
        else:
            kind = classify(values)
        tells = explained and kind is not ParameterKind.UNKNOWN
        evidence = _evidence(code, index, values, modules) if tells else ()
        found.append(Parameter(parameter.name, kind, evidence))
    return tuple(found)


def _evidence(
    code: FunctionCode, index: int, values: tuple[Value, ...], modules: list[ModuleCode]
) -> tuple[Step, ...]:
    parameter = code.parameters[index]
    telling: Value | None = next((v for v in values if v in TENSOR_LIKE), None)
    if telling is None:
        telling = next((v for v in values if v is not NONE and v is not OBJECT), None)
    if telling is None:
        return ()
    steps: list[Step] = []
    previous: Node | None = None
    for node in trace_back(parameter.node, telling):
        if previous is not None and isinstance(previous.origin, ParameterCode):
            steps.extend(_argument_step(previous, node, modules))
        if node.place:
            note = _note(node, telling)
            step = Step(_file(node, modules), node.line, note)
            if note and (not steps or steps[-1] != step):
                steps.append(step)
        if len(steps) > MAX_STEPS:
            break  # The first of several is left out, and so is what follows.
        previous = node
    steps = steps[1:] if len(steps) > 1 else steps
    return tuple(steps[:MAX_STEPS])


def _argument_step(parameter: Node, argument: Node, modules: list[ModuleCode]) -> list[Step]:
    origin = parameter.origin
    assert isinstance(origin, ParameterCode)
    owner = origin.owner
    if owner is None:
        return []
    if owner.argument_calls is None:
        owner.argument_calls = {}
        for call, binding in owner.callers:
            for nodes in binding.arguments.values():
                for node in nodes:
                    owner.argument_calls.setdefault(node, call)
    found = owner.argument_calls.get(argument)
    if found is None:
        return []
    file = modules[found.place // LINES].file
    return [Step(file, found.place % LINES, f"passed as {origin.name} of {owner.qualname}")]


def _file(node: Node, modules: list[ModuleCode]) -> str:
    index = node.place // LINES
    return modules[index].file if index < len(modules) else ""


def _note(node: Node, value: Value) -> str:
    origin = node.origin
    if isinstance(origin, ParameterCode):
        return f"parameter {origin.name}"
    if node.label is not None:
        return f"{node.label}: {value!r}"
    kind = type(origin).__name__
    words = {
        "Call": "result of a call",
        "Operation": "result of an operator",
        "Iteration": "element of an iteration",
        "Unpacking": "part of an unpacked value",
        "ItemLoad": "item",
    }
    word = words.get(kind)
    return f"{word}: {value!r}" if word else ""
