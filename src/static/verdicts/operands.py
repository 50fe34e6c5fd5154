"""Where arithmetic meets NumPy arrays in a function, from the values that the analysis found for its operators."""

from __future__ import annotations

import ast
from collections import defaultdict

from ..ir.code import FunctionCode, Operation
from ..ir.solver import LINES, Node
from ..ir.values import ARRAY, NUMBERS
from ..lifting.arrays import UNKNOWN, Operand, Operands, Position, operators_of, position
from ..lifting.choosing import scope_at

#: The operators of Python's arithmetic.
_ARITHMETIC = frozenset(each.__name__ for each in ast.operator.__subclasses__())


def operands_of(code: FunctionCode, tree: ast.Module) -> Operands:
    """What the arithmetic operators of a function receive."""
    scope = scope_at(tree, 0 if code is code.module.body else code.line)
    events = defaultdict[int, list[Operation]](list)
    for event in code.events:
        if isinstance(event, Operation) and event.name in _ARITHMETIC:
            events[event.place % LINES].append(event)
    arrays = any(ARRAY in node.values for line in events.values() for event in line for node in event.operands)
    if scope is None or not arrays:
        return UNKNOWN
    found = defaultdict[int, list[tuple[str, ast.BinOp | ast.AugAssign]]](list)
    for statement in scope.body:
        for name, node in operators_of(statement):
            found[node.lineno].append((name, node))
    known: dict[Position, tuple[Operand, Operand]] = {}
    for line, operators in found.items():
        # What the analysis evaluates in another order, or more than once, stays unknown.
        if [name for name, _ in operators] != [event.name for event in events[line]]:
            continue
        for (_, node), event in zip(operators, events[line], strict=True):
            if isinstance(node, ast.BinOp):
                left, right = event.operands
                known[position(node)] = _kind(left), _kind(right)
    return Operands(known)


def _kind(node: Node) -> Operand:
    values = set(node.values)
    if values == {ARRAY}:
        return Operand.ARRAY
    return Operand.NUMBER if values and values <= NUMBERS else Operand.OTHER


def uses_doubles(tree: ast.Module) -> bool:
    """Whether a module names TensorFlow's ``float64``, or makes it the default."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="tf" | "tensorflow"), attr="float64" | "double"):
                return True
            case ast.Call(func=ast.Attribute(attr="set_floatx")):
                return True
            case ast.keyword(arg="dtype", value=ast.Constant(value="float64")):
                return True
    return False
