"""A forward pass in the middle of a statement that needs its value in Python: `np.argmax(self.model(state))`."""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...records import Region
from .choosing import copied, find_block, scope_at
from .dividing import find_parts, used_in
from .host import TENSORFLOW, chain_of, conversions, host_call
from .names import SCOPES, names_of
from .reading import Reader, Unliftable
from .state import Attributes

#: First names of callees that are no models.
_LIBRARIES = [[each] for each in ("np", "numpy", "tf", "tensorflow", *dir(builtins))]
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: Statements that may contain such an expression.
_STATEMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)


@dataclass(frozen=True)
class Passing:
    """How the call of a model is written: the called attribute (None for a name), and its arguments."""

    attribute: str | None
    arguments: int
    keywords: frozenset[str]

    def is_of(self, call: ast.Call) -> bool:
        """Whether a call is written so."""
        if not isinstance(call.func, (ast.Name, ast.Attribute)) or chain_of(call.func)[:1] in _LIBRARIES:
            return False
        name = call.func.attr if isinstance(call.func, ast.Attribute) else None
        named = frozenset(each.arg or "" for each in call.keywords)
        return (name, len(call.args), named) == (self.attribute, self.arguments, self.keywords)


def choose_expression(
    tree: ast.Module,
    file: str,
    line: int,
    at: int,
    passing: Passing,
    taken: frozenset[str],
    methods: frozenset[str],
    attributes: Attributes | None = None,
) -> Region | None:
    """The forward pass in the statement on line ``at``, with the tensor operations around it, as a region.

    ``line`` is that of the function's ``def``, 0 for the module's own code. ``taken`` are names that the function must
    not have, ``methods`` those that it must not have as a method. None if the statement has none that can be moved.
    """
    tree = copied(tree, line or at, line or at)
    scope = scope_at(tree, line)
    if scope is None:
        return None
    block = find_block(scope, at, at)
    number = next((n for n, each in enumerate(block.statements) if each.lineno == each.end_lineno == at), None)
    if number is None or not isinstance(block.statements[number], _STATEMENTS):
        return None
    statement = block.statements[number]
    found = _expression(statement, passing)
    if found is None or (isinstance(statement, ast.Assign) and found is statement.value):
        return None
    source = ast.unparse(found)
    if sum(ast.unparse(each) == source for each in ast.walk(statement) if isinstance(each, type(found))) != 1:
        return None
    used = used_in(scope, tree)
    name = next(each for each in _names_for(found, passing) if each not in used)
    # As a statement of its own before this one, it is a region like any other.
    bound = ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], copy.deepcopy(found)), statement)
    _Replacing(found, name).visit(statement)
    block.statements.insert(number, ast.fix_missing_locations(bound))
    parts = find_parts(scope, tree, block, number, number + 1)
    if isinstance(parts, tuple) or parts.moved or parts.ahead.statements:
        return None
    if any(host_call(each, frozenset(names_of([each]).read)) or conversions(each) for each in parts.region):
        return None
    region = Reader(
        tree, scope, block, parts.region, [], file, (at, at), taken, methods, False, attributes, parts.ahead
    ).read()
    return None if isinstance(region, Unliftable) else replace(region, results=(), expression=source)


def _expression(statement: ast.stmt, passing: Passing) -> ast.expr | None:
    """The only call that is written so in a statement, with the tensor operations around it."""
    parents = {id(child): node for node in ast.walk(statement) for child in ast.iter_child_nodes(node)}
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call) and passing.is_of(node)]
    if len(calls) != 1 or any(isinstance(node, ast.NamedExpr) for node in ast.walk(statement)):
        return None
    found: ast.expr = calls[0]
    while _computes_on(parents[id(found)], found):
        parent = parents[id(found)]
        assert isinstance(parent, ast.expr)
        found = parent
    if any(isinstance(each, (*_COMPREHENSIONS, *SCOPES)) for each in _around(found, parents)):
        return None
    return found


def _names_for(found: ast.expr, passing: Passing) -> Iterator[str]:
    """Names for what the function computes, by the name of the model."""
    calls = (node for node in ast.walk(found) if isinstance(node, ast.Call) and passing.is_of(node))
    model = chain_of(next(calls).func)[-1].strip("_").lower()
    base = "outputs" if model in ("model", "net", "network", "call") else f"{model}_outputs"
    yield from (base, *(f"{base}_{number}" for number in range(2, 1000)))


def _around(node: ast.AST, parents: dict[int, ast.AST]) -> Iterator[ast.AST]:
    while id(node) in parents:
        node = parents[id(node)]
        yield node


def _computes_on(node: ast.AST, part: ast.expr) -> bool:
    """Whether an expression is a tensor operation on a part of it, and on constants."""
    match node:
        case ast.Subscript(value=value, slice=index, ctx=ast.Load()):
            return value is part and _is_constant(index)
        case ast.BinOp(left=left, right=right):
            return _is_constant(right if left is part else left)
        case ast.Call(func=function, args=args, keywords=keywords):
            names = chain_of(function)
            is_operation = names[:1] in (["tf"], ["tensorflow"]) and names[1:2] not in [[each] for each in TENSORFLOW]
            others = [*(each for each in args if each is not part), *(each.value for each in keywords)]
            return is_operation and any(each is part for each in args) and all(map(_is_constant, others))
    return False


def _is_constant(node: ast.expr) -> bool:
    allowed = (ast.Constant, ast.Slice, ast.Tuple, ast.UnaryOp, ast.unaryop, ast.expr_context)
    return all(isinstance(each, allowed) for each in ast.walk(node))


class _Replacing(ast.NodeTransformer):
    def __init__(self, found: ast.expr, name: str) -> None:
        self.found = found
        self.name = name

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.found:
            return ast.copy_location(ast.Name(self.name, ast.Load()), node)
        return self.generic_visit(node)
