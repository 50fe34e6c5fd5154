"""Divides statements into those that a graph can run, and those that Python must run before them or after them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from .ahead import Ahead, move_ahead
from .arrays import UNKNOWN, Operands
from .host import conversions, counts, host_call, may_move
from .names import LOOPS, SCOPES, locals_of, names_of
from .numbers import numbers_of
from .reading import Block

_BLOCKS = ("body", "orelse", "finalbody")
_OPTIMIZING = frozenset({"apply", "apply_gradients", "minimize"})
_LEAVING = (ast.Return, ast.Yield, ast.YieldFrom, ast.Await)
#: Functions that can read all names of the scope that calls them.
_REFLECTING = frozenset({"locals", "vars", "dir", "exec", "eval", "globals"})


@dataclass
class Parts:
    """A region without the statements that run after it, and without what runs before it."""

    region: list[ast.stmt]
    moved: list[ast.stmt]
    ahead: Ahead


def find_parts(
    scope: ast.Module | ast.FunctionDef,
    tree: ast.Module,
    block: Block,
    begin: int,
    end: int,
    operands: Operands = UNKNOWN,
) -> Parts | tuple[str, int]:
    """Divide the statements of a block from ``begin`` to ``end``, in the tree; returns why not, and the line."""
    own = _own_names(scope, block.around)
    refusal = leaves(block.statements[begin:end], scope)
    return refusal or _moved_out(block, begin, end, numbers_of(scope), used_in(scope, tree), own, operands)


def used_in(scope: ast.Module | ast.FunctionDef, tree: ast.Module) -> set[str]:
    """The names that no new parameter may have: those of a scope, and those of its module."""
    own, module = names_of(scope.body), names_of(tree.body)
    return own.read | own.bound | own.captured | module.bound | module.rebound


def _own_names(scope: ast.Module | ast.FunctionDef, around: Sequence[ast.stmt]) -> set[str]:
    """The names whose values may differ in each call: a function's own, or those that the module's loops bind."""
    if isinstance(scope, ast.FunctionDef):
        return locals_of(scope)
    return names_of([each for each in around if isinstance(each, LOOPS)]).bound


def values_ahead(
    statement: ast.stmt, scope: ast.Module | ast.FunctionDef, around: Sequence[ast.stmt]
) -> list[ast.expr] | None:
    """The values that a region of this statement alone would be passed; None if it needs Python for anything else."""
    alone = [copy.deepcopy(statement)]
    ahead = move_ahead(alone, [], names_of(scope.body).read, UNKNOWN, _own_names(scope, around))
    read = frozenset(names_of(alone).read)
    if ahead is None or ahead.statements or host_call(alone[0], read) or conversions(alone[0]):
        return None
    return list(ahead.values.values())


def leaves(region: Sequence[ast.stmt], scope: ast.AST) -> tuple[str, int] | None:
    """Why a region can't be moved into a function, and the line; None if it can."""
    for statement, loops in _nested(region, 0):
        if isinstance(statement, (ast.Break, ast.Continue)) and not loops:
            word = "break" if isinstance(statement, ast.Break) else "continue"
            return f"`{word}` inside it leaves the enclosing loop", statement.lineno
        if isinstance(statement, ast.Return):
            return "`return` inside it leaves the enclosing function", statement.lineno
        if isinstance(statement, (ast.Global, ast.Nonlocal)):
            return f"it rebinds {statement.names[0]}, a global or nonlocal name", statement.lineno
        if isinstance(statement, ast.ImportFrom) and any(each.name == "*" for each in statement.names):
            return "it imports all names of a module (`import *`)", statement.lineno
    for node in own_nodes(region):
        if isinstance(node, _LEAVING) or (isinstance(node, ast.comprehension) and node.is_async):
            return "it contains a `yield` or `await`", getattr(node, "lineno", region[0].lineno)
        if isinstance(node, (ast.AsyncFor, ast.AsyncWith)):
            return "it contains `async for` or `async with`", node.lineno
    for node in own_nodes(scope.body if not isinstance(scope, ast.Module) else region):  # type: ignore[attr-defined]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _REFLECTING:
            return f"`{node.func.id}()` reads all names of the enclosing scope", node.lineno
    return None


def _nested(body: Sequence[ast.stmt], loops: int) -> Iterator[tuple[ast.stmt, int]]:
    for statement in body:
        yield statement, loops
        if isinstance(statement, SCOPES):
            continue
        for inner in blocks_of(statement):
            more = isinstance(statement, LOOPS) and inner is not statement.orelse
            yield from _nested(inner, loops + more)


def blocks_of(statement: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements inside of a statement."""
    for name in _BLOCKS:
        yield getattr(statement, name, [])
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of statements, without those of functions and classes in them."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, SCOPES):
            waiting += ast.iter_child_nodes(node)


def _moved_out(
    block: Block,
    begin: int,
    end: int,
    numbers: frozenset[str],
    used: Collection[str],
    own: Collection[str],
    operands: Operands,
) -> tuple[str, int] | Parts:
    """Move the statements that must run in Python behind the region or ahead of it, in the tree. Returns why it failed.

    ``used`` are names that no new parameter may get, ``own`` those of the scope whose values may differ in each call.
    ``operands`` are what the operators of the function receive.
    """
    region = block.statements[begin:end]
    bound = frozenset(names_of(region).bound)
    moved: list[ast.stmt] = []
    refused: list[tuple[int, ast.Call]] = []

    def visit(body: list[ast.stmt], earlier: list[ast.stmt], later: list[ast.stmt]) -> None:
        for number, statement in enumerate(list(body)):
            before, rest = [*earlier, *body[:number]], [*body[number + 1 :], *later]
            if isinstance(statement, ast.With) and not any(host_call(each, bound) for each in statement.items):
                visit(statement.body, [*earlier, *body[:number]], rest)
                continue
            call = host_call(statement, bound)
            if call is None and not counts(statement, numbers):
                continue
            kept = [each for each in rest if not any(each is other for other in moved)]
            if may_move(statement, [each for each in before if each not in moved], kept, numbers):
                moved.append(statement)
            elif call is not None:
                refused.append((_nearness(call, bound), call))

    visit(region, [], [])
    ahead = Ahead()
    tail = _tail(region, [call for _, call in refused])
    meets = bool(operands.meeting(region))
    converts = any(conversions(each, {*own} - bound) for each in region)
    if tail:
        moved[:] = [each for each in moved if each.lineno < tail[0].lineno] + tail
    elif refused or meets or converts:
        before = copy.deepcopy(region) if converts else []
        taken_out = move_ahead(region, moved, used, operands, own)
        if taken_out is None and converts:
            # A graph can convert values that are no tensors, so this alone is no obstacle.
            block.statements[begin:end] = before
            return _moved_out(block, begin, end, numbers, used, (), operands)
        if taken_out is None and not refused:
            return "arithmetic with NumPy arrays can't be moved out of it", region[0].lineno
        if taken_out is None:
            # A call that uses the step's results can't go anywhere else, so it is the first to report.
            nearness, call = max(refused, key=lambda each: each[0])
            said = ast.unparse(call)
            said = said if len(said) <= 60 else f"{said[:57]}..."
            helps = ", and could be computed before it" if nearness == 0 else ""
            return f"`{said}` inside it must run in Python{helps}", call.lineno
        ahead = taken_out
    for statement in moved:
        for holder in [region, *_inner_lists(region)]:
            if any(each is statement for each in holder):
                holder.remove(statement)
                if not holder:
                    return "the enclosing block would be empty without it", statement.lineno
                break
    given = [
        ast.copy_location(ast.Assign([ast.copy_location(ast.Name(name, ast.Store()), value)], value), value)
        for name, value in ahead.values.items()
    ]
    block.statements[begin:end] = [*ahead.statements, *given, *region, *moved]
    # Statements that stand before the rest of the region anyway are not moved.
    ahead.statements = [each for each in ahead.statements if each.lineno > region[0].lineno]
    return Parts(region, moved, ahead)


def _tail(region: Sequence[ast.stmt], calls: Sequence[ast.Call]) -> list[ast.stmt]:
    """The last statements in the body of the tape, if all calls that must run in Python are in them.

    After the last update a tape records nothing that is used, so they can follow it. They keep their order.
    """
    last = region[-1]
    if not isinstance(last, ast.With) or not calls:
        return []
    start = min(call.lineno for call in calls)
    first = next(number for number, each in enumerate(last.body) if (each.end_lineno or 0) >= start)
    tail, tapes = last.body[first:], names_of(list(last.items)).bound
    inside = {id(node) for each in tail for node in ast.walk(each)}
    closed = all(id(call) in inside for call in calls) and not names_of(tail).read & tapes
    # The step itself must be complete before.
    updated = any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _OPTIMIZING
        for each in last.body[:first]
        for node in ast.walk(each)
    )
    return tail if closed and updated else []


def _nearness(call: ast.Call, bound: frozenset[str]) -> int:
    """How firmly a call is tied to its place: 2 if it reads names that the region binds, 0 if it is NumPy's, else 1."""
    if names_of([call]).read & bound:
        return 2
    callees = [ast.unparse(node.func) for node in ast.walk(call) if isinstance(node, ast.Call)]
    return 0 if all(each.partition(".")[0] in ("np", "numpy") for each in callees) else 1


def _inner_lists(region: Sequence[ast.stmt]) -> Iterator[list[ast.stmt]]:
    for statement in region:
        for node in ast.walk(statement):
            if isinstance(node, ast.With):
                yield node.body
