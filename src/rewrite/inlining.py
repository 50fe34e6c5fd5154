"""The check of an outline: with the calls inlined again, the syntax tree equals that of the original file."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Sequence

from ..records import Region


def parameters_of(region: Region) -> list[str]:
    """The names of the function's parameters."""
    return [*([region.receiver] if region.receiver else []), *region.parameters, *(name for name, _ in region.given)]


def callee_of(region: Region) -> str:
    """How the function is named where it is called, as source."""
    return f"{region.receiver}.{region.name}" if region.receiver else region.name


def arguments_of(region: Region) -> list[str]:
    """The arguments of the call, as source."""
    return [*region.parameters, *(given for _, given in region.given)]


def is_same_when_inlined(before: ast.Module, after: ast.Module, regions: Sequence[Region]) -> bool:
    """Whether inlining the functions at their calls gives the original's syntax tree.

    Each function must have a name that the file does not use yet, and stand right above the statement that calls it.
    """
    names = {region.name for region in regions}
    if len(names) < len(regions) or names & _names_in(before):
        return False
    try:
        original, inlined = copy.deepcopy(before), copy.deepcopy(after)
        return (
            all(_move(original, region) for region in regions)
            and all(_inline(inlined, region, names) for region in regions)
            and ast.dump(original) == ast.dump(inlined)
        )
    except RecursionError:
        return False


def _names_in(tree: ast.AST) -> set[str]:
    """The names that a file uses, in any scope and as attributes; not the keywords of its calls."""
    found = set[str]()
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Constant, ast.keyword)):
            fields = [value for _, value in ast.iter_fields(node)]
            flat = [each for value in fields for each in (value if isinstance(value, list) else [value])]
            found.update(each.partition(".")[0] for each in flat if isinstance(each, str))
    return found


def _blocks(tree: ast.AST) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    """The lists of statements of a tree, each with what it is the body of."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield node, block


def _move(tree: ast.Module, region: Region) -> bool:
    """Move the statements that a region moves in the original's tree. Returns whether this was possible."""
    ahead, behind = _taken(tree, region.ahead), _taken(tree, region.moved)
    if ahead is None or behind is None:
        return False
    for _, block in _blocks(tree):
        inside = [
            number
            for number, statement in enumerate(block)
            if region.first <= statement.lineno and (statement.end_lineno or 0) <= region.last
        ]
        if inside:
            block[inside[-1] + 1 : inside[-1] + 1] = behind
            block[inside[0] : inside[0]] = ahead
            return True
    return False


def _taken(tree: ast.Module, lines: Sequence[tuple[int, int]]) -> list[ast.stmt] | None:
    """Remove the statements on these lines from the tree, and return them in order. None if one is not there."""
    taken = []
    for first, last in sorted(lines):
        places = [
            (block, statement)
            for _, block in _blocks(tree)
            for statement in block
            if statement.lineno == first and statement.end_lineno == last
        ]
        if not places:
            return None
        block, statement = places[0]
        block.remove(statement)
        taken.append(statement)
    return taken


def _inline(tree: ast.Module, region: Region, names: Collection[str]) -> bool:
    """Replace the only call of a function by its body, and remove the function. Returns whether this was possible.

    ``names`` are the names of all new functions.
    """
    functions = [
        (holder, block, statement)
        for holder, block in _blocks(tree)
        for statement in block
        if isinstance(statement, ast.FunctionDef) and statement.name == region.name
    ]
    if len(functions) != 1:
        return False
    holder, place, function = functions[0]
    if isinstance(holder, ast.ClassDef) != bool(region.receiver) or not _is_plain(function, parameters_of(region)):
        return False
    below = place[place.index(function) + 1 :]
    place.remove(function)
    body = list(function.body)
    if region.expression:
        return _inline_expression(below, function, region, names)
    if region.results:
        last = body.pop()
        if not isinstance(last, ast.Return) or last.value is None:
            return False
        if _names(last.value) != list(region.results):
            if len(region.results) > 1:
                return False
            # The function returns what the original binds last.
            bound = ast.copy_location(ast.Assign([ast.Name(region.results[0], ast.Store())], last.value), last)
            body.append(ast.fix_missing_locations(bound))
    named = _with_attributes(body, region)
    if named is None:
        return False
    body = named
    for _, block in _blocks(tree):
        for number, statement in enumerate(block):
            call = getattr(statement, "value", None)
            if not isinstance(call, ast.Call) or not _calls(call, region):
                continue
            if not _passes(call, region):
                return False
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            if [name for target in targets for name in _names(target)] != list(region.results) or len(targets) > 1:
                return False
            is_below = any(node is statement for node in ast.walk(_caller(below, function, names)))
            block[number : number + 1] = body
            return is_below
    return False


def _inline_expression(
    below: Sequence[ast.stmt], function: ast.FunctionDef, region: Region, names: Collection[str]
) -> bool:
    """Replace the only call of a function by the expression that it returns. Returns whether this was possible."""
    named = _with_attributes(list(function.body), region)
    if named is None or len(named) != 1 or not isinstance(named[0], ast.Return) or named[0].value is None:
        return False
    value, found = named[0].value, list[ast.Call]()

    class Inlined(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            self.generic_visit(node)
            if not _calls(node, region):
                return node
            found.append(node)
            return value

    Inlined().visit(_caller(below, function, names))
    return len(found) == 1 and _passes(found[0], region)


def _caller(below: Sequence[ast.stmt], function: ast.FunctionDef, names: Collection[str]) -> ast.stmt:
    """The statement below the new functions, which calls them; the function itself if there is none."""
    return next((each for each in below if getattr(each, "name", "") not in names), function)


def _calls(call: ast.Call, region: Region) -> bool:
    return ast.unparse(call.func) == callee_of(region)


def _passes(call: ast.Call, region: Region) -> bool:
    return not call.keywords and [ast.unparse(each) for each in call.args] == arguments_of(region)


def _is_plain(function: ast.FunctionDef, parameters: Sequence[str]) -> bool:
    """Whether a function has these parameters, and no default, hint or decorator."""
    head = copy.copy(function)
    head.body = [ast.Pass()]
    return ast.unparse(head) == f"def {function.name}({', '.join(parameters)}):\n    pass"


def _with_attributes(body: list[ast.stmt], region: Region) -> list[ast.stmt] | None:
    """A function's body with each attribute and value that it is given in place of its parameter.

    None if the body does more than read one: if it binds its name, or a name that the attribute or value is read from,
    or assigns an attribute of that name, parameter and value may differ.
    """
    named = {name: ast.parse(source, mode="eval").body for name, source in region.replaced if source != name}
    parts = [part for node in named.values() for part in ast.walk(node)]
    owned = {part.attr for part in parts if isinstance(part, ast.Attribute)}
    receivers = {part.id for part in parts if isinstance(part, ast.Name)}
    attributes = [node.attr for node in named.values() if isinstance(node, ast.Attribute)]
    fine = all(isinstance(node, (ast.Attribute, ast.BinOp, ast.Call)) for node in named.values())
    if not fine or len(set(attributes)) < len(attributes):
        return None
    uses = [part for each in body for part in ast.walk(each) if isinstance(part, ast.Name) and part.id in named]
    # The names that a value is read from may be bound again after the last use of the parameter.
    last = max((part.lineno for part in uses), default=0)
    plain = {ast.unparse(node.value) for node in named.values() if isinstance(node, ast.Attribute)}
    for node in (each for statement in body for each in ast.walk(statement)):
        if isinstance(node, ast.Name) and node.id not in named.keys() | plain and node.lineno > last:
            continue
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
