"""Chooses the statements around a training step that can become a function."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence

from ...records import Region
from .arrays import UNKNOWN, Operands
from .dividing import blocks_of, find_parts, own_nodes
from .host import conversions, host_call
from .names import LOOPS, SCOPES, names_of
from .numbers import counters_of
from .reading import Block, Reader, Unliftable
from .state import Attributes

_CONVERSIONS = frozenset({"constant", "convert_to_tensor"})
_OPTIMIZERS = frozenset({"Adadelta", "Adagrad", "Adam", "Adamax", "Ftrl", "Nadam", "RMSprop", "SGD"})
_VARIABLES = frozenset({"trainable_variables", "trainable_weights", "variables", "weights"})

IsClean = Callable[[int, int], bool]


def choose(
    tree: ast.Module,
    file: str,
    line: int,
    first: int,
    last: int,
    is_clean: IsClean | None,
    taken: frozenset[str] = frozenset(),
    methods: frozenset[str] = frozenset(),
    trains: bool = False,
    attributes: Attributes | None = None,
    operands: Operands = UNKNOWN,
) -> Region | Unliftable:
    """The region around the step from line ``first`` to ``last`` in the function whose ``def`` is on ``line``.

    ``line`` is 0 for the module's own code. ``is_clean`` says whether statements beside the step (first and last line)
    compute with tensors and do nothing else; with None, the region is exactly these lines. ``taken`` are names that the
    function must not have, ``methods`` those that it must not have as a method. ``trains``: the step is known to be a
    training step. ``attributes`` knows the module's uses of attributes; without it, none is passed to the function.
    ``operands`` knows where arrays meet tensors in the function.
    """
    tree = copied(tree, line or first, line or last)
    scope = scope_at(tree, line)
    if scope is None:
        return Unliftable(first, last, "it is in a class body or an async function", first)
    block = find_block(scope, first, last)
    inside = [each for each in block.statements if each.lineno <= last and (each.end_lineno or 0) >= first]
    if not inside:
        return Unliftable(first, last, "the analysis does not support its statements", first)
    begin = block.statements.index(inside[0])
    end = begin + len(inside)
    if is_clean is not None:
        begin, end = _widen(
            block, begin, end, is_clean, counters_of(scope, block.around), not _is_for_keras_2(tree)
        )
    region = block.statements[begin:end]
    first, last = region[0].lineno, region[-1].end_lineno or region[-1].lineno
    parts = find_parts(scope, tree, block, begin, end, operands)
    if isinstance(parts, tuple):
        reason, where = parts
        return Unliftable(first, last, reason, where)
    around = (file, (first, last), taken, methods, trains, attributes)
    return Reader(tree, scope, block, parts.region, parts.moved, *around, parts.ahead).read()


def copied(tree: ast.Module, first: int, last: int) -> ast.Module:
    """A tree in which the statement around these lines may be changed; all of them if none is around all lines.

    Of a large module, only that statement is copied.
    """
    around = [each for each in tree.body if each.lineno <= first and last <= (each.end_lineno or 0)]
    body = [copy.deepcopy(each) if not around or each is around[0] else each for each in tree.body]
    return ast.Module(body, tree.type_ignores)


def scope_at(tree: ast.Module, line: int) -> ast.Module | ast.FunctionDef | None:
    """The function whose ``def`` is on a line; the module itself for 0; None if there is no plain function."""
    if line == 0:
        return tree
    found = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.lineno == line)
    return next(found, None)


def find_block(scope: ast.Module | ast.FunctionDef, first: int, last: int) -> Block:
    """The innermost list of statements that holds all lines from ``first`` to ``last``."""
    block, around = scope.body, list[ast.stmt]()
    while True:
        holders = [
            (statement, inner)
            for statement in block
            if not isinstance(statement, SCOPES)
            for inner in blocks_of(statement)
            if inner and inner[0].lineno <= first and last <= (inner[-1].end_lineno or 0)
        ]
        if not holders:
            return Block(block, tuple(around))
        around.append(holders[0][0])
        block = holders[0][1]


def lists_of(scope: ast.Module | ast.FunctionDef) -> Iterator[tuple[list[ast.stmt], tuple[ast.stmt, ...]]]:
    """The lists of statements of a scope, outer ones first, each with the loops of the scope around it."""
    waiting = list[tuple[list[ast.stmt], tuple[ast.stmt, ...]]]([(scope.body, ())])
    for body, loops in waiting:
        yield body, loops
        for statement in body:
            if not isinstance(statement, SCOPES):
                around = (*loops, statement) if isinstance(statement, LOOPS) else loops
                waiting += [(inner, around) for inner in blocks_of(statement) if inner]


def feeds(statement: ast.stmt, loop: ast.stmt | None) -> bool:
    """Whether a statement only prepares input: it converts data to tensors, or takes an iteration's part of the data.

    Inside of the function, all of the data would have to be an argument or a constant of the graph.
    """
    value = getattr(statement, "value", None)
    given = value.elts if isinstance(value, ast.Tuple) else [value]
    if all(isinstance(each, ast.Call) and _converts(each) for each in given):
        return True
    changing = names_of([loop]).bound if loop is not None else set[str]()
    return any(
        isinstance(node, ast.Subscript)
        and not names_of([node.value]).read & changing
        and bool(names_of([node.slice]).read & changing)
        for node in ast.walk(statement)
    )


def _widen(
    block: Block, begin: int, end: int, is_clean: IsClean, counters: set[str], takes_lists: bool
) -> tuple[int, int]:
    """Extend the step by the tensor work directly before and after it."""

    def fits(statement: ast.stmt) -> bool:
        simple = isinstance(statement, (ast.Assign, ast.AugAssign, ast.Expr))
        read = frozenset(names_of([statement]).read)
        return (
            simple
            and not read & (counters | renewed)
            and host_call(statement, read) is None
            and not conversions(statement)
            and is_clean(statement.lineno, statement.end_lineno or statement.lineno)
        )

    top = begin
    loop = next((each for each in reversed(block.around) if isinstance(each, LOOPS)), None)
    renewed = renewed_in(block.around)

    def goes_along(statement: ast.stmt) -> bool:
        return fits(statement) or is_arithmetic(statement) or (takes_lists and lists_variables(statement))

    while top > 0 and goes_along(block.statements[top - 1]):
        top -= 1
        # Arithmetic counts as work on numbers or arrays unless it uses a result of the tensor work above it.
        above = block.statements[top:begin]
        if lists_variables(above[0]):
            # A graph can't receive the variables of Keras 3 as arguments. It can receive those of Keras 2, and must
            # if the list is read before the model is built: eager code trains on an empty list then.
            listed = names_of(above[:1]).bound
            inside, behind = names_of(block.statements[begin:end]).read, names_of(block.statements[end:]).read
            begin = top if listed & inside and not listed & behind and _is_fed(above) else begin
        elif fits(above[0]) and not feeds(above[0], loop) and _is_fed(above):
            begin = top
    while end < len(block.statements):
        following = block.statements[end]
        bound = names_of(block.statements[begin:end]).bound
        computes = fits(following) and not feeds(following, loop)
        if not computes and not (isinstance(following, ast.Delete) and names_of([following]).deleted <= bound):
            break
        end += 1
    return begin, end


def renewed_in(around: Sequence[ast.stmt]) -> frozenset[str]:
    """Names of objects that an outer loop creates in each of its iterations, such as a new metric for every epoch.

    Each new object would cause a retrace, so statements beside the step that use one stay in Python.
    """
    loops = [each for each in around if isinstance(each, LOOPS)]
    inner = {id(node) for loop in loops[-1:] for node in ast.walk(loop)}
    found = set[str]()
    for node in (each for loop in loops[:-1] for each in own_nodes(loop.body) if id(each) not in inner):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            callee = ast.unparse(node.value.func).rpartition(".")[2]
            # By convention, a class name is capitalized. A graph treats a `tf.Variable` as a tensor.
            if callee[:1].isupper() and callee != "Variable":
                found |= names_of(node.targets).bound
    return frozenset(found)


def _is_for_keras_2(tree: ast.Module) -> bool:
    """Whether a module can only run with Keras 2: it imports tf_keras, or gives an optimizer's rate as ``lr``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(each.name.partition(".")[0] == "tf_keras" for each in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "tf_keras":
            return True
        if isinstance(node, ast.Call) and any(each.arg == "lr" for each in node.keywords):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in _OPTIMIZERS:
                return True
    return False


def lists_variables(statement: ast.stmt) -> bool:
    """Whether a statement names the variables of a model: ``weights = model.trainable_variables``."""
    if not isinstance(statement, ast.Assign) or not all(isinstance(each, ast.Name) for each in statement.targets):
        return False

    def lists(node: ast.expr) -> bool:
        match node:
            case ast.Attribute(attr=attribute, value=value):
                return attribute in _VARIABLES and isinstance(value, (ast.Name, ast.Attribute))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return lists(left) and lists(right)
        return False

    return lists(statement.value)


def is_arithmetic(statement: ast.stmt) -> bool:
    """Whether a statement only computes with names and numbers, and binds the result."""
    fine = (
        ast.Assign,
        ast.AugAssign,
        ast.Name,
        ast.Constant,
        ast.BinOp,
        ast.UnaryOp,
        ast.operator,
        ast.unaryop,
        ast.expr_context,
    )
    return isinstance(statement, (ast.Assign, ast.AugAssign)) and all(
        isinstance(each, fine) for each in ast.walk(statement)
    )


def _converts(call: ast.Call) -> bool:
    """Whether a call converts a named Python value to a tensor."""
    return getattr(call.func, "attr", "") in _CONVERSIONS and bool(names_of([*call.args, *call.keywords]).read)


def _is_fed(statements: Sequence[ast.stmt]) -> bool:
    """Whether each arithmetic statement reads a name that an earlier statement has bound."""
    bound = set[str]()
    for statement in statements:
        own = names_of([statement])
        if is_arithmetic(statement) and not own.read & bound:
            return False
        bound |= own.bound
    return True
