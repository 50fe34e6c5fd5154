"""The results of operators: tensors if an operand is a tensor, otherwise the results in Python and NumPy."""

from __future__ import annotations

from ..ir.code import Operation
from ..ir.engine import Engine
from ..ir.program import Program
from ..ir.solver import Node
from ..ir.values import (
    ARRAY,
    BOOLEAN,
    FLOAT,
    INTEGER,
    NONE,
    OBJECT,
    SCALARS,
    SHAPE,
    STRING,
    SYMBOLIC,
    TENSOR,
    TENSORS,
    UNKNOWN,
    Bound,
    Box,
    Class,
    External,
    Function,
    Instance,
    Method,
    Module,
    Thing,
    Value,
)

_ALWAYS_BOOLEAN = frozenset({"In", "NotIn", "Is", "IsNot"})
_COMPARISONS = frozenset({"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"})
#: Operators that return bool for bools; all others treat bools as numbers.
_LOGICAL = frozenset({"BitAnd", "BitOr", "BitXor"})
_DUNDERS = {
    "Add": "add",
    "BitAnd": "and",
    "BitOr": "or",
    "BitXor": "xor",
    "Div": "truediv",
    "Eq": "eq",
    "FloorDiv": "floordiv",
    "Gt": "gt",
    "GtE": "ge",
    "Invert": "invert",
    "LShift": "lshift",
    "Lt": "lt",
    "LtE": "le",
    "MatMult": "matmul",
    "Mod": "mod",
    "Mult": "mul",
    "NotEq": "ne",
    "Pow": "pow",
    "RShift": "rshift",
    "Sub": "sub",
    "UAdd": "pos",
    "USub": "neg",
}
#: The methods that Python tries on the right operand of a comparison.
_REFLECTED = {"eq": "eq", "ge": "le", "gt": "lt", "le": "ge", "lt": "gt", "ne": "ne"}


class Operators:
    """The handler of operators."""

    def __init__(self, program: Program, calls: Engine) -> None:
        self.program = program
        self.graph = program.graph
        self.calls = calls
        self._made: dict[Operation, Box] = {}
        self.graph.handlers[Operation] = self.operate

    def operate(self, event: Operation, node: Node, value: Value) -> None:
        """``value op other``."""
        name = event.name
        result = event.result
        graph = self.graph
        if name in _ALWAYS_BOOLEAN:
            graph.add(result, BOOLEAN, node)
            return
        if name == "Not" and value not in TENSORS:
            graph.add(result, BOOLEAN, node)
            return
        operands = event.operands
        if all(each.values for each in operands) and any(UNKNOWN in each.values for each in operands):
            graph.add(result, UNKNOWN, node)
        if value in TENSORS:
            graph.add(result, SYMBOLIC if value is SYMBOLIC else TENSOR, node)
            return
        if len(operands) == 1:
            self._combine(event, node, value, value)
            return
        if operands[0] is node:
            for other in operands[1].values:
                self._combine(event, node, value, other)
        if operands[1] is node:
            for other in operands[0].values:
                self._combine(event, node, other, value)

    def _combine(self, event: Operation, node: Node, left: Value, right: Value) -> None:
        result = event.result
        add = self.graph.add
        if left in TENSORS or right in TENSORS:
            return
        if isinstance(left, Instance) or isinstance(right, Instance):
            self._operate_on_instance(event, left, right)
            return
        left, right = _as_number(left), _as_number(right)
        if left is UNKNOWN or right is UNKNOWN or left is OBJECT or right is OBJECT:
            add(result, UNKNOWN, node)
        elif left is ARRAY or right is ARRAY:
            add(result, ARRAY, node)
        elif event.name in _COMPARISONS:
            add(result, BOOLEAN, node)
        elif left is STRING or right is STRING:
            add(result, STRING, node)
        elif isinstance(left, Box) or isinstance(right, Box):
            self._concatenate(event, node, left, right)
        elif left is SHAPE or right is SHAPE:
            add(result, SHAPE, node)
        elif left in SCALARS and right in SCALARS:
            if left is FLOAT or right is FLOAT or event.name == "Div":
                add(result, FLOAT, node)
            elif left is BOOLEAN and right is BOOLEAN and event.name in _LOGICAL:
                add(result, BOOLEAN, node)
            else:
                add(result, INTEGER, node)
        elif left is not NONE and right is not NONE:
            add(result, UNKNOWN, node)

    def _concatenate(self, event: Operation, node: Node, left: Value, right: Value) -> None:
        graph = self.graph
        boxes = [value for value in (left, right) if isinstance(value, Box)]
        if len(boxes) == 1 or event.in_place:
            graph.add(event.result, boxes[0], node)
            if len(boxes) == 2 and boxes[0] is not boxes[1]:
                self.calls.flows.pour(boxes[1], boxes[0].element)
            return
        made = self._made.get(event)
        if made is None:
            made = self._made[event] = self.program.box(boxes[0].kind, event.place)
            graph.add(event.result, made, node)
        for box in boxes:
            self.calls.flows.pour(box, made.element)

    def _operate_on_instance(self, event: Operation, left: Value, right: Value) -> None:
        name = _DUNDERS.get(event.name, "")
        if isinstance(left, Instance):
            others = [event.operands[1]] if len(event.operands) > 1 else []
            for wanted in ([f"__i{name}__"] if event.in_place else []) + [f"__{name}__"]:
                method = self.calls.find_method(left.code, wanted)
                if method is not None:
                    self.calls.call_implicitly(event, method, left, others, event.result)
                    return
        if isinstance(right, Instance):
            method = self.calls.find_method(right.code, f"__{_REFLECTED.get(name, 'r' + name)}__")
            if method is not None:
                self.calls.call_implicitly(event, method, right, [event.operands[0]], event.result)
                return
        self.graph.add(event.result, BOOLEAN if event.name in _COMPARISONS else UNKNOWN)


def _as_number(value: Value) -> Value:
    """A library's constant (``np.pi``) as a number; a method or a thing as unknown."""
    if isinstance(value, External):
        last = value.path.rpartition(".")[2]
        return FLOAT if last in ("pi", "e", "inf", "nan", "tau", "NaN", "Inf", "eps") else UNKNOWN
    if isinstance(value, (Method, Thing, Function, Bound, Class, Module)):
        return UNKNOWN
    return value
