"""Tests of a setting, a type or the presence of something: the code that they guard may never run."""

from __future__ import annotations

import ast

#: Functions that test the type of an object, not its value.
_TYPE_FUNCTIONS = frozenset(
    {
        "callable",
        "hasattr",
        "is_keras_tensor",
        "is_symbolic_tensor",
        "is_tensor",
        "isinstance",
        "isscalar",
        "issubclass",
    }
)
_CONSTANT_DISPLAYS = (ast.Tuple, ast.List, ast.Set)


def asks_for_kind(test: ast.expr) -> bool:
    """Whether a test asks for a type, for something's presence, or for a setting that is a string.

    Some programs never run the guarded code, whatever their numbers: no caller passes the type, the cache is filled,
    or nobody has chosen the option.
    """
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test = test.operand
    if isinstance(test, ast.BoolOp):
        answers = [asks_for_kind(value) for value in test.values]
        return any(answers) if isinstance(test.op, ast.And) else all(answers)
    if isinstance(test, ast.Call):
        name = _last_name(test.func)
        words = name in ("startswith", "endswith") and bool(test.args) and _is_word(test.args[0])
        return words or name in _TYPE_FUNCTIONS
    if not isinstance(test, ast.Compare):
        return False
    operands = [test.left, *test.comparators]
    if any(isinstance(each, ast.Call) and _last_name(each.func) == "type" for each in operands):
        return True
    return any(_is_word(each) for each in operands)


def _last_name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_word(node: ast.expr) -> bool:
    """Whether an operand is None, a string, or a display of strings."""
    if isinstance(node, ast.Constant):
        return node.value is None or isinstance(node.value, (str, bytes))
    return isinstance(node, _CONSTANT_DISPLAYS) and bool(node.elts) and all(_is_word(each) for each in node.elts)
