"""The check of an outline: with the calls inlined again, the syntax tree equals that of the original file."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence

from ..records import Region


def parameters_of(region: Region) -> list[str]:
    """The names of the function's parameters."""
    return [*([region.receiver] if region.receiver else []), *region.parameters, *(name for name, _ in region.given)]


def arguments_of(region: Region) -> list[str]:
    """The arguments of the call, as source."""
    return [*region.parameters, *(given for _, given in region.given)]


def is_same_when_inlined(before: ast.Module, after: ast.Module, regions: Sequence[Region]) -> bool:
    """Whether inlining the functions at their calls gives the original's syntax tree."""
    original, inlined = copy.deepcopy(before), copy.deepcopy(after)
    try:
        return (
            all(_move(original, region) for region in regions)
            and all(_inline(inlined, region) for region in regions)
            and ast.dump(original) == ast.dump(inlined)
        )
    except RecursionError:
        return False


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def _move(tree: ast.Module, region: Region) -> bool:
    """Move the statements that a region moves in the original's tree. Returns whether this was possible."""
    taken = []
    for first, last in sorted(region.moved):
        places = [
            (block, statement)
            for block in _blocks(tree)
            for statement in block
            if statement.lineno == first and statement.end_lineno == last
        ]
        if not places:
            return False
        block, statement = places[0]
        block.remove(statement)
        taken.append(statement)
    for block in _blocks(tree):
        inside = [
            number
            for number, statement in enumerate(block)
            if region.first <= statement.lineno and (statement.end_lineno or 0) <= region.last
        ]
        if inside:
            block[inside[-1] + 1 : inside[-1] + 1] = taken
            return True
    return False


def _inline(tree: ast.Module, region: Region) -> bool:
    """Replace the only call of a function by its body, and remove the function. Returns whether this was possible."""
    function: ast.FunctionDef | None = None
    for block in _blocks(tree):
        for statement in block:
            if isinstance(statement, ast.FunctionDef) and statement.name == region.name:
                function = statement
                block.remove(statement)
                break
    if function is None or function.decorator_list or function.returns is not None:
        return False
    given = function.args
    if [each.arg for each in given.args] != parameters_of(region):
        return False
    if given.defaults or given.vararg or given.kwarg or given.kwonlyargs:
        return False
    body = list(function.body)
    if region.results:
        last = body.pop()
        if not isinstance(last, ast.Return) or _names(last.value) != list(region.results):
            return False
    named = _with_attributes(body, region)
    if named is None:
        return False
    body = named
    callee = f"{region.receiver}.{region.name}" if region.receiver else region.name
    uses = [node for node in ast.walk(tree) if getattr(node, "id", getattr(node, "attr", None)) == region.name]
    for block in _blocks(tree):
        for number, statement in enumerate(block):
            call = getattr(statement, "value", None)
            if not isinstance(call, ast.Call) or ast.unparse(call.func) != callee:
                continue
            if call.keywords or [ast.unparse(each) for each in call.args] != arguments_of(region):
                return False
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            if [name for target in targets for name in _names(target)] != list(region.results) or len(targets) > 1:
                return False
            block[number : number + 1] = body
            return len(uses) == 1
    return False


def _with_attributes(body: list[ast.stmt], region: Region) -> list[ast.stmt] | None:
    """A function's body with each attribute that it is given in place of its parameter.

    None if the body does more than read one: if it binds the name or the receiver, or assigns an attribute of that
    name, parameter and attribute may differ.
    """
    named = {name: ast.parse(given, mode="eval").body for name, given in region.given if given != name}
    owned = {node.attr: node for node in named.values() if isinstance(node, ast.Attribute)}
    receivers = {ast.unparse(node.value) for node in owned.values()}
    if len(owned) < len(named):
        return None
    for node in (each for statement in body for each in ast.walk(statement)):
        is_read = isinstance(getattr(node, "ctx", None), ast.Load)
        if isinstance(node, ast.Name):
            wrong = not is_read and node.id in named.keys() | receivers
        elif isinstance(node, ast.Attribute):
            wrong = not is_read and node.attr in owned
        elif isinstance(node, (ast.keyword, ast.Constant)):
            wrong = False
        else:
            fields = [value for _, value in ast.iter_fields(node)]
            flat = [each for value in fields for each in (value if isinstance(value, list) else [value])]
            wrong = any(isinstance(each, str) and each in named.keys() | receivers for each in flat)
        if wrong:
            return None

    class Reads(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return copy.deepcopy(named.get(node.id, node))

    return [Reads().visit(statement) for statement in body]


def _names(node: ast.expr | None) -> list[str]:
    return [_name(each) for each in node.elts] if isinstance(node, ast.Tuple) else [_name(node)]


def _name(node: ast.expr | None) -> str:
    return node.id if isinstance(node, ast.Name) else ""
