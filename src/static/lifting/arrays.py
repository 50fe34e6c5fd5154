"""Arithmetic with NumPy arrays inside a step, and where it meets tensors.

Eager code converts an array to the type of the tensor that it meets. As an argument of a graph it is a tensor of its
own type first: ``float64`` does not meet ``float32``, and ``1 - done`` has no meaning for booleans. So the arithmetic
between arrays and numbers stays in NumPy, and what meets a tensor is passed as ``float32``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from .names import SCOPES, names_of

#: The first and last line and column of an operator's source.
Position = tuple[int, int, int | None, int | None]
#: Parts of an expression that are not always evaluated, or more than once.
_CONDITIONAL = (ast.IfExp, ast.BoolOp, ast.comprehension, *SCOPES)


class Operand(Enum):
    """What an operator receives, according to the analysis."""

    ARRAY = "an array"
    NUMBER = "a number"
    OTHER = "a tensor, or unknown"


def position(node: ast.expr) -> Position:
    """Where an expression is in its file."""
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def operators_of(statement: ast.AST) -> Iterator[tuple[str, ast.BinOp | ast.AugAssign]]:
    """The arithmetic operators of a statement in the order of their evaluation: the class's name, and the source.

    Operators between two literal numbers are left out.
    """
    match statement:
        case ast.Assign(value=value, targets=targets):
            parts: Iterable[ast.AST] = (value, *targets)
        case ast.For(iter=iterable, target=target, body=body, orelse=orelse):
            parts = (iterable, target, *body, *orelse)
        case _:
            parts = ast.iter_child_nodes(statement)
    for part in parts:
        if not isinstance(part, SCOPES):
            yield from operators_of(part)
    if isinstance(statement, ast.AugAssign) or (isinstance(statement, ast.BinOp) and not _is_folded(statement)):
        yield type(statement.op).__name__, statement


def _is_folded(node: ast.expr) -> bool:
    """Whether an expression only has literal numbers of one type."""
    kinds = {type(each.value) for each in ast.walk(node) if isinstance(each, ast.Constant)}
    plain = all(isinstance(each, (ast.BinOp, ast.Constant, ast.operator)) for each in ast.walk(node))
    return plain and len(kinds) == 1 and kinds <= {int, float}


@dataclass(frozen=True)
class Operands:
    """What the arithmetic operators of a function receive, by their place in the source: left and right."""

    known: Mapping[Position, tuple[Operand, Operand]]

    def is_numeric(self, node: ast.AST) -> bool:
        """Whether an expression computes with arrays and numbers only."""
        if not isinstance(node, ast.BinOp):
            return False
        kinds = self._of(node)
        return Operand.ARRAY in kinds and Operand.OTHER not in kinds

    def numeric(self, part: ast.AST) -> list[ast.BinOp]:
        """The largest expressions of a piece of source that compute with arrays and numbers only."""
        found, waiting = list[ast.BinOp](), [part]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.BinOp) and self.is_numeric(node):
                found.append(node)
            elif not isinstance(node, _CONDITIONAL):
                waiting += ast.iter_child_nodes(node)
        return sorted(found, key=position)

    def meeting(self, statements: Sequence[ast.stmt]) -> list[ast.expr]:
        """The arrays in statements that meet a tensor."""
        return [
            operand
            for statement in statements
            for node in ast.walk(statement)
            if isinstance(node, ast.BinOp)
            for kinds in (self._of(node),)
            if Operand.OTHER in kinds
            for operand, kind in zip((node.left, node.right), kinds, strict=True)
            if kind is Operand.ARRAY
        ]

    def met(self, statements: Sequence[ast.stmt]) -> set[str]:
        """The names of arrays that statements only read where these meet a tensor."""
        meeting = {id(each) for each in self.meeting(statements)}
        nodes = [node for each in statements for node in ast.walk(each) if isinstance(node, ast.Name)]
        met = {node.id for node in nodes if id(node) in meeting}
        return met - {node.id for node in nodes if id(node) not in meeting} - names_of(statements).bound

    def _of(self, node: ast.BinOp) -> tuple[Operand, Operand]:
        return self.known.get(position(node), (Operand.OTHER, Operand.OTHER))


#: Nothing is known of any operator.
UNKNOWN = Operands({})
