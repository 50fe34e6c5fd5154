"""Arithmetic with arrays inside a step: what stays in NumPy, and what meets a tensor."""

from __future__ import annotations

import ast

import pytest

from hybridize.static.lifting.arrays import Operand, Operands, operators_of, position

ORDERS = {
    "a + b * c": ["Mult", "Add"],
    "f(a + b) - c": ["Add", "Sub"],
    "x[i - 1] = a * b": ["Mult", "Sub"],
    "x += a * b": ["Mult", "Add"],
    "1 + 2 + a": ["Add"],
    "1 + 2.0": ["Add"],
    "-(a - b)": ["Sub"],
    "for x in range(n + 1):\n    y = x / 2": ["Add", "Div"],
    "f = lambda x: x + 1": [],
}


@pytest.mark.parametrize("text", ORDERS)
def test_operators_are_listed_in_the_order_of_their_evaluation(text: str) -> None:
    (statement,) = ast.parse(text).body
    assert [name for name, _ in operators_of(statement)] == ORDERS[text]


def operands(text: str, arrays: str, tensors: str) -> tuple[list[ast.stmt], Operands]:
    """The statements of a text, and what its operators receive where these names are arrays and tensors."""
    tree = ast.parse(text)
    known = {}

    def kind(node: ast.expr) -> Operand:
        match node:
            case ast.Name(id=name) if name in tensors.split():
                return Operand.OTHER
            case ast.Name(id=name) if name in arrays.split():
                return Operand.ARRAY
            case ast.Constant():
                return Operand.NUMBER
            case ast.BinOp(left=left, right=right):
                kinds = kind(left), kind(right)
                known[position(node)] = kinds
                return next(each for each in (Operand.OTHER, Operand.ARRAY, Operand.NUMBER) if each in kinds)
        return Operand.OTHER

    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp):
            kind(node)
    return tree.body, Operands(known)


def test_the_largest_numeric_expressions_are_those_without_a_tensor() -> None:
    (statement,), found = operands("y = r + 0.9 * v * (1 - done)", "r done", "v")
    assert [ast.unparse(each) for each in found.numeric(statement)] == ["1 - done"]


def test_arithmetic_of_numbers_alone_is_not_numeric() -> None:
    (statement,), found = operands("y = 2 * 3 + v", "", "v")
    assert found.numeric(statement) == []


def test_what_is_evaluated_only_sometimes_is_left() -> None:
    (statement,), found = operands("y = (1 - done) if flag else v", "done", "v")
    assert found.numeric(statement) == []


def test_an_array_meets_a_tensor_in_an_operator() -> None:
    statements, found = operands("y = r + v\nz = r * 0.5", "r", "v")
    assert [ast.unparse(each) for each in found.meeting(statements)] == ["r"]


MET = {
    "only there": ("y = r + v", {"r"}),
    "twice": ("y = r + v\nz = v * r", {"r"}),
    "in a call as well": ("y = r + v\nz = gather(v, r)", set()),
    "where it is bound": ("r = r + v", set()),
}


@pytest.mark.parametrize("how", MET)
def test_a_name_can_become_a_tensor_if_it_is_only_read_where_it_meets_one(how: str) -> None:
    text, names = MET[how]
    statements, found = operands(text, "r", "v")
    assert found.met(statements) == names
