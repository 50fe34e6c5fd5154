"""Lowering of operators, comparisons, conditions, ``and`` and ``or``."""

from __future__ import annotations

import ast

from ..ir.code import Branch, Operation
from ..ir.program import Program
from ..ir.solver import Node
from ..ir.values import BOOLEAN, FLOAT, INTEGER, STRING
from .blocks import Block
from .questions import asks_for_kind


class OperationLowering:
    """Turns operators of one block into nodes and events."""

    def __init__(self, program: Program, block: Block) -> None:
        self.program = program
        self.graph = program.graph
        self.block = block
        self.code = block.code
        self.events = block.code.events
        self.base = block.base
        self.shadowed: list[str] = []

    def expression(self, node: ast.expr) -> Node:
        """The node of an expression's value."""
        raise NotImplementedError

    def operate(self, name: str, operands: tuple[Node, ...], line: int) -> Operation:
        """Add an operator."""
        place = self.base + line
        event = Operation(self.code, place, self.block.guard, name, operands)
        event.result = Node(place, event)
        self.events.append(event)
        for operand in operands:
            self.graph.watch(operand, event)
        return event

    def binary(self, node: ast.BinOp) -> Node:
        """``left op right``, without recursion along a long chain of them."""
        chain: list[ast.BinOp] = [node]
        left = node.left
        while type(left) is ast.BinOp:
            chain.append(left)
            left = left.left
        value = self.expression(left)
        constants = self.program.constants
        for step in reversed(chain):
            right = self.expression(step.right)
            if value is right and value in (constants[INTEGER], constants[FLOAT], constants[STRING]):
                value = constants[FLOAT] if type(step.op) is ast.Div else value
                continue
            value = self.operate(type(step.op).__name__, (value, right), step.lineno).result
        return value

    def unary(self, node: ast.UnaryOp) -> Node:
        """``op operand``."""
        is_number = type(node.operand) is ast.Constant and type(node.operand.value) in (int, float)
        if is_number and type(node.op) is not ast.Not:
            return self.expression(node.operand)
        return self.operate(type(node.op).__name__, (self.expression(node.operand),), node.lineno).result

    def boolean(self, node: ast.BoolOp) -> Node:
        """``a and b``: its value is one of the operands, and it tests the truth of all but the last."""
        block = self.block
        values: list[Node] = []
        outer = block.guard
        kind = "and" if type(node.op) is ast.And else "or"
        for position, operand in enumerate(node.values):
            if position == 1:
                block.open_frame()
            value = self.expression(operand)
            if value not in values:
                values.append(value)
            if position < len(node.values) - 1:
                branch = Branch(self.code, self.base + operand.lineno, outer, kind, value)
                self.note_flag(branch, operand)
                self.events.append(branch)
                block.guard = branch
        block.merge([block.close_frame(), {}], node.lineno)
        block.guard = outer
        return values[0] if len(values) == 1 else block.join(values, node.lineno)

    def compare(self, node: ast.Compare) -> Node:
        """A comparison; the value of a chain is that of one of its pairwise comparisons."""
        block = self.block
        left = self.expression(node.left)
        results: list[Node] = []
        for position, (operator, comparator) in enumerate(zip(node.ops, node.comparators, strict=True)):
            if position == 1:
                block.open_frame()
            right = self.expression(comparator)
            name = type(operator).__name__
            result = self.program.constants[BOOLEAN]
            if name not in ("Is", "IsNot") or not (
                type(comparator) is ast.Constant or type(node.left) is ast.Constant
            ):
                result = self.operate(name, (left, right), node.lineno).result
            if result not in results:
                results.append(result)
            left = right
        if len(node.ops) > 1:
            block.merge([block.close_frame(), {}], node.lineno)
        return results[0] if len(results) == 1 else block.join(results, node.lineno)

    def conditional(self, node: ast.IfExp) -> Node:
        """``a if test else b``."""
        block = self.block
        branch = self.branch("ifexp", node.test)
        outer = block.guard
        block.guard = branch
        block.open_frame()
        first = self.expression(node.body)
        changes = block.close_frame()
        block.open_frame()
        second = self.expression(node.orelse)
        block.merge([changes, block.close_frame()], node.lineno)
        block.guard = outer
        return first if first is second else block.join([first, second], node.lineno)

    def branch(self, kind: str, test: ast.expr) -> Branch:
        """Add a branch on ``test``."""
        event = Branch(self.code, self.base + test.lineno, self.block.guard, kind, self.expression(test))
        self.note_flag(event, test)
        self.events.append(event)
        return event

    def note_flag(self, branch: Branch, test: ast.expr) -> None:
        """Record whether a branch tests a flag, and which one."""
        branch.asks = asks_for_kind(test)
        flag = flag_of(test)
        if flag is not None:
            branch.flag = True
            if type(flag) is ast.Name:
                branch.switch = self.block.load(flag.id, flag.lineno)


def flag_of(node: ast.expr) -> ast.expr | None:
    """The name or attribute that a test reads, if it reads nothing else but constants: a switch. Otherwise None."""
    while isinstance(node, ast.UnaryOp):
        node = node.operand
    if isinstance(node, ast.BoolOp):
        return next((flag for value in node.values if (flag := flag_of(value)) is not None), None)
    if isinstance(node, ast.Compare):
        if not all(isinstance(part, ast.Constant) for part in node.comparators):
            return None
        node = node.left
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    return node if isinstance(root, ast.Name) else None
