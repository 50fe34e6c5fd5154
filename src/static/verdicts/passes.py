"""Tensor work without a gradient tape, in a loop or in a function called in one: validation, prediction, targets.

Such statements are a region if they contain a forward pass of a model, or enough operations to be worth the call of a
graph.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from ...records import Region
from ..facts.hazards import Hazard
from ..facts.tensor_work import call_computes, operation_computes
from ..facts.view import Facts
from ..ir.code import Call, FunctionCode, Operation
from ..ir.solver import LINES
from ..ir.values import Instance, Thing, Value
from ..lifting.choosing import feeds, is_arithmetic, lists_of, renewed_in, scope_at
from ..lifting.dividing import values_ahead
from ..lifting.expressions import Passing, choose_expression
from ..lifting.host import conversions, host_call
from ..lifting.names import LOOPS, SCOPES, names_of
from .inspection import Inspection
from .regions import InlineStep, Lifting, hazards_in, hazards_of, is_harmless, is_harmless_given, lift, loops_of

#: Minimum number of operations for a region to be worth a call. A forward pass of a model counts as this many.
WORTH = 4

#: Statements that end a region.
_DIVIDING = (
    *LOOPS,
    *SCOPES,
    ast.Return,
    ast.Break,
    ast.Continue,
    ast.Raise,
    ast.Try,
    ast.TryStar,
    ast.Match,
    ast.Global,
    ast.Nonlocal,
    ast.Import,
    ast.ImportFrom,
)


def find_passes(
    facts: Facts,
    inspection: Inspection,
    code: FunctionCode,
    lifting: Lifting,
    steps: Sequence[InlineStep],
    everywhere: bool,
) -> list[InlineStep]:
    """The regions without a tape in one function or module body, apart from its training ``steps``.

    They are in its loops, or ``everywhere`` if it is itself called often.
    """
    parts = [(0, code.end_line if not code.is_body else LINES)] if everywhere else loops_of(code)
    if not any(_worth(code, first, last) for first, last in parts):
        return []
    scope = scope_at(lifting.tree, 0 if code is code.module.body else code.line)
    if scope is None:
        return []
    found: list[InlineStep] = []
    models = defaultdict[int, list[Call]](list)
    for event in code.calls:
        if any(_is_model(value, name) for value, name in event.methods):
            models[event.place % LINES].append(event)
    for statements, loops in lists_of(scope):
        if not loops and not everywhere:
            continue
        for run in _runs(statements, [*steps, *found], lifting.barred):
            found += _in_run(facts, inspection, code, lifting, run, loops, scope)
        for statement in statements:
            calls = models.get(statement.lineno, ())
            if len(calls) == 1 and not _is_known(statement, [*steps, *found], lifting.barred):
                step = _in_statement(facts, inspection, code, lifting, statement, loops, calls[0])
                found += [step] if step is not None else []
    return found


def _is_known(statement: ast.stmt, known: Collection[InlineStep], barred: Collection[int]) -> bool:
    """Whether a statement belongs to a region, or has a line that refuted its function."""
    last = statement.end_lineno or statement.lineno
    inside = any(each.first <= last and statement.lineno <= each.last for each in known)
    return inside or any(statement.lineno <= line <= last for line in barred)


def _in_statement(
    facts: Facts,
    inspection: Inspection,
    code: FunctionCode,
    lifting: Lifting,
    statement: ast.stmt,
    loops: Sequence[ast.stmt],
    call: Call,
) -> InlineStep | None:
    """The forward pass in a statement that is no region, because Python needs its value or does other work in it."""
    line = statement.lineno
    if call.stars or call.double_stars or _makes(statement) or names_of([statement]).read & renewed_in(loops):
        return None
    passing = Passing(call.attribute, len(call.arguments), frozenset(call.keywords))
    names = frozenset(lifting.taken), lifting.methods
    begin = 0 if code is code.module.body else code.line
    region = choose_expression(lifting.tree, code.module.file, begin, line, passing, *names, lifting.attributes)
    hazards = hazards_of(facts, inspection, code, line, line, only=call)
    if region is None or not all(map(is_harmless, hazards)):
        return None
    lifting.taken.add(region.name)
    return InlineStep(code, line, line, region, hazards, trains=False)


def _runs(
    statements: Sequence[ast.stmt], known: Collection[InlineStep], barred: Collection[int]
) -> Iterator[list[ast.stmt]]:
    """The runs of consecutive statements that may contain a region."""

    def divides(statement: ast.stmt) -> bool:
        return _is_known(statement, known, barred) or isinstance(statement, _DIVIDING)

    for apart, run in groupby(statements, divides):
        if not apart:
            yield list(run)


def _in_run(
    facts: Facts,
    inspection: Inspection,
    code: FunctionCode,
    lifting: Lifting,
    run: Sequence[ast.stmt],
    loops: Sequence[ast.stmt],
    scope: ast.Module | ast.FunctionDef,
) -> Iterator[InlineStep]:
    """The regions of a run: one for the whole run, with Python statements moved behind it; else one per clean part."""
    if not _worth(code, run[0].lineno, run[-1].end_lineno or 0):
        return
    loop, renewed = (loops[-1] if loops else None), renewed_in(loops)

    def hazards_if_fit(statement: ast.stmt) -> tuple[Hazard, ...] | None:
        """The hazards of a statement that computes, if nothing but them keeps it out of a region; else None."""
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        if not _work(code, first, last) or _leaves(statement) or _makes(statement) or feeds(statement, loop):
            return None
        read = frozenset(names_of([statement]).read)
        if read & renewed:
            return None
        passed = frozenset[int]()
        if host_call(statement, read) is not None or conversions(statement):
            values = values_ahead(statement, scope, loops)
            if values is None:
                return None
            passed = frozenset(each.lineno for each in values)
        return hazards_of(facts, inspection, code, first, last, numeric=passed)

    begin = end = 0
    hazards = [hazards_if_fit(each) for each in run]
    kinds: list[tuple[ast.stmt, bool]] = []
    # Reading state is harmless if all of it is passed to the function.
    for harmless in (is_harmless_given, is_harmless):
        kinds = [
            (each, found is not None and all(map(harmless, found))) for each, found in zip(run, hazards, strict=True)
        ]
        clean = [statement for statement, fine in kinds if fine]
        if not clean:
            return
        begin, end = run.index(clean[0]), run.index(clean[-1]) + 1
        whole = _lift(facts, inspection, code, lifting, run[begin:end])
        if whole is not None:
            yield whole
            return
    parts = groupby(kinds[begin:end], lambda each: each[1] or is_arithmetic(each[0]))
    for fine, part in parts:
        pieces = [statement for statement, _ in part]
        while fine and pieces and is_arithmetic(pieces[-1]):
            pieces.pop()
        step = _lift(facts, inspection, code, lifting, pieces) if fine and pieces else None
        if step is not None:
            yield step


def _lift(
    facts: Facts, inspection: Inspection, code: FunctionCode, lifting: Lifting, statements: Sequence[ast.stmt]
) -> InlineStep | None:
    """The region around statements; None if there is none, or if it is not worth a function."""
    first, last = statements[0].lineno, statements[-1].end_lineno or 0
    region = lift(facts, inspection, code, lifting, first, last, trains=False)
    if not isinstance(region, Region) or not _worth(code, region.first, region.last, region.moved):
        return None
    hazards = hazards_in(facts, inspection, code, region, lifting.tree)
    if not all(map(is_harmless, hazards)):
        return None
    lifting.taken.add(region.name)
    return InlineStep(code, region.first, region.last, region, hazards, trains=False)


def _leaves(statement: ast.stmt) -> bool:
    return any(isinstance(node, (ast.Return, ast.Break, ast.Continue, ast.Yield)) for node in ast.walk(statement))


def _makes(statement: ast.stmt) -> bool:
    """Whether a statement creates a layer and applies it immediately, as loops that build a model do."""
    return any(isinstance(node, ast.Call) and isinstance(node.func, ast.Call) for node in ast.walk(statement))


def _worth(code: FunctionCode, first: int, last: int, left_out: Sequence[tuple[int, int]] = ()) -> bool:
    return _work(code, first, last, left_out) >= WORTH


def _work(code: FunctionCode, first: int, last: int, left_out: Sequence[tuple[int, int]] = ()) -> int:
    """The number of operations in these lines; a forward pass counts as ``WORTH``.

    Calls of the project's own functions do not count, because these can be converted themselves.
    """
    total = 0
    for event in code.events:
        line = event.place % LINES
        if not first <= line <= last or any(begin <= line <= end for begin, end in left_out):
            continue
        if isinstance(event, Call):
            if any(_is_model(value, name) for value, name in event.methods):
                total += WORTH
            elif not event.targets and call_computes(event):
                total += 1
        elif isinstance(event, Operation) and operation_computes(event):
            total += 1
    return total


def _is_model(value: Value, method: str) -> bool:
    """Whether a method's call is a forward pass of a model or layer, and not a method that Keras runs as a graph."""
    if method not in ("__call__", "call"):
        return False
    if isinstance(value, Instance):
        return value.code.kind in ("model", "layer")
    return isinstance(value, Thing) and value.kind in ("model", "layer")
