"""Names of Python numbers and strings."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from .names import LOOPS, names_of

#: Functions with the same result for a number and for a tensor of it.
_CONVERSIONS = frozenset({"tf.cast", "tf.one_hot", "tensorflow.cast", "tensorflow.one_hot"})


def counters_of(scope: ast.AST, around: Sequence[ast.stmt]) -> set[str]:
    """The names that count the iterations of the innermost loop: Python numbers that change in each iteration."""
    loop = next((each for each in reversed(around) if isinstance(each, LOOPS)), None)
    if loop is None:
        return set()
    found = set[str]()
    if isinstance(loop, ast.For) and isinstance(loop.iter, ast.Call):
        function = getattr(loop.iter.func, "id", "")
        if function in ("range", "trange") and isinstance(loop.target, ast.Name):
            found.add(loop.target.id)
        if function == "enumerate" and isinstance(loop.target, ast.Tuple) and isinstance(loop.target.elts[0], ast.Name):
            found.add(loop.target.elts[0].id)
    counted = {
        node.target.id
        for node in ast.walk(loop)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and _is_number(node.value)
    }
    for name in counted:
        bindings = [
            value for node in ast.walk(scope) if isinstance(node, ast.Assign) for value in _given(node, name)
        ]
        if bindings and all(map(_is_number, bindings)):
            found.add(name)
    return found


def is_only_converted(name: str, statements: Sequence[ast.stmt]) -> bool:
    """Whether statements only convert a number to a tensor, so that a tensor can replace it."""
    nodes = [node for each in statements for node in ast.walk(each)]
    uses = {id(node) for node in nodes if isinstance(node, ast.Name) and node.id == name}
    converted = {
        id(node.args[0])
        for node in nodes
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in _CONVERSIONS
    }
    return uses <= converted


def numbers_of(scope: ast.AST) -> frozenset[str]:
    """The names that the scope only ever binds to Python numbers and strings."""
    kinds: dict[str, set[bool]] = {}
    counting = set[int]()
    for node in ast.walk(scope):
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Call):
            function = getattr(node.iter.func, "id", "")
            targets = node.target.elts[:1] if isinstance(node.target, ast.Tuple) else [node.target]
            if (function == "range" and targets == [node.target]) or (
                function == "enumerate" and targets != [node.target]
            ):
                counting.update(id(each) for each in targets)
        if isinstance(node, ast.Assign):
            counting.update(id(each) for each, value in pairs_of(node) if isinstance(value, ast.Constant))
        if isinstance(node, ast.AugAssign) and (isinstance(node.value, ast.Constant) or _is_converted(node.value)):
            counting.add(id(node.target))
    for node in ast.walk(scope):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            kinds.setdefault(node.id, set()).add(id(node) in counting)
        elif isinstance(node, ast.arg):
            kinds.setdefault(node.arg, set()).add(False)
    return frozenset(name for name, known in kinds.items() if known == {True})


def pairs_of(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    """The targets of an assignment with their values, item by item if both sides are tuples."""
    found = list[tuple[ast.expr, ast.expr]]()
    for target in node.targets:
        if (
            isinstance(target, ast.Tuple)
            and isinstance(node.value, ast.Tuple)
            and len(target.elts) == len(node.value.elts)
            and not any(isinstance(each, ast.Starred) for each in (*target.elts, *node.value.elts))
        ):
            found += zip(target.elts, node.value.elts, strict=True)
        else:
            found.append((target, node.value))
    return found


def _given(node: ast.Assign, name: str) -> list[ast.expr]:
    """The values that an assignment gives a name."""
    return [value for target, value in pairs_of(node) if name in names_of([target]).bound]


def _is_converted(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("float", "int", "len")


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))
