"""Statements that must run in Python, and which of them may run later, after their region."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from .names import names_of

#: Builtins that need values or reach outside of the program.
_ALWAYS = frozenset({"print", "input", "open", "next", "iter", "exec", "eval", "breakpoint"})
_CONVERTING = frozenset({"float", "int", "bool", "str", "round"})
#: Methods that return a tensor's value to Python, methods of arrays that tensors lack, and methods that change objects.
_READING = frozenset({"numpy", "item", "tolist"})
ARRAY_METHODS = frozenset({"astype", "reshape"})
_CHANGING = frozenset({"append", "extend", "insert", "add", "pop", "write", "set_description", "set_postfix", "info"})
#: Modules whose functions can't be part of a graph, by their usual import names.
_MODULES = frozenset(
    {"np", "numpy", "time", "random", "os", "sys", "logging", "logger", "plt", "wandb", "math", "json"}
)
_NUMERIC = frozenset({"np", "numpy", "random", "math"})
#: Text in the source of an expression that draws random numbers.
RANDOM = ("random.", "rng.")
#: Modules of TensorFlow whose functions can't be part of a graph, or need not be.
TENSORFLOW = ("summary", "io", "data", "saved_model", "config", "profiler")
_HARMLESS = frozenset({"math"})
#: Functions and methods that a moved statement may call: they run no TensorFlow operation.
_PLAIN = frozenset({"print", "float", "int", "str", "round", "len", "format"})
_PLAIN_METHODS = frozenset({"numpy", "item", "format", "append", "set_description", "set_postfix", "info"})


def host_call(node: ast.AST, bound: frozenset[str]) -> ast.Call | None:
    """The first call in a piece of source that must run in Python, or None; ``bound`` are names bound by its region."""
    return next(iter(host_calls(node, bound)), None)


def host_calls(node: ast.AST, bound: frozenset[str]) -> list[ast.Call]:
    """All calls in a piece of source that must run in Python, outer ones first."""
    return [each for each in ast.walk(node) if isinstance(each, ast.Call) and _is_host(each, bound)]


def conversions(node: ast.AST, names: Collection[str] | None = None) -> list[ast.Call]:
    """The calls of `tf.constant` in a piece of source that convert named values, of these ``names`` if given.

    `tf.constant` accepts Python values and no tensors, but the arguments of a graph are tensors.
    """
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call) and is_conversion(each)]
    read = ((each, names_of([*each.args, *each.keywords]).read) for each in calls)
    return [each for each, found in read if (found if names is None else found & {*names})]


def is_conversion(call: ast.Call) -> bool:
    """Whether a call is one of `tf.constant`."""
    return chain_of(call.func) in (["tf", "constant"], ["tensorflow", "constant"])


def is_numeric(call: ast.Call) -> bool:
    """Whether a call computes with numbers or arrays, draws some, or reads a tensor, and does nothing else."""
    match call.func:
        case ast.Name(id=name):
            return name in _CONVERTING
        case ast.Attribute(attr=name, value=value):
            return name in _READING or is_of_array(call) or _root(value) in _NUMERIC
    return False


def is_of_array(call: ast.Call) -> bool:
    """Whether a call is a method of an array: `astype`, or `reshape` with sizes, which layers do not take."""
    match call.func:
        case ast.Attribute(attr="astype"):
            return True
        case ast.Attribute(attr="reshape", value=value) if _root(value) not in ("tf", "tensorflow", *_NUMERIC):
            return len(call.args) > 1 or any(isinstance(each, (ast.Tuple, ast.List)) for each in call.args)
    return False


def _is_host(call: ast.Call, bound: frozenset[str]) -> bool:
    inputs = names_of([*call.args, *call.keywords]).read
    match call.func:
        case ast.Name(id=name):
            return name in _ALWAYS or (name in _CONVERTING and bool(inputs & bound))
        case ast.Attribute(attr=name, value=value):
            root = _root(value)
            if name in _READING or is_of_array(call):
                return True
            if name in _CHANGING:
                return not isinstance(value, ast.Name) or value.id not in bound
            if root in ("tf", "tensorflow"):
                chain = chain_of(call.func)
                return len(chain) > 2 and chain[1] in TENSORFLOW
            if root in _HARMLESS:
                return bool(inputs & bound)
            return root in _MODULES
    return False


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def chain_of(node: ast.expr) -> list[str]:
    """The names of a dotted expression, without the first if that is no name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*([node.id] if isinstance(node, ast.Name) else []), *reversed(parts)]


def may_move(
    statement: ast.stmt, earlier: Sequence[ast.stmt], later: Sequence[ast.stmt], numbers: frozenset[str]
) -> bool:
    """Whether a statement does the same if it runs after ``later``, the rest of its region.

    It must not read names that these bind, bind names that these read, or run an operation. It may use the values only
    of tensors that ``earlier`` statements have created and of Python ``numbers``, because attributes and variables may
    change. It may print other values directly: the printed line would show a change.
    """
    own, rest, before = names_of([statement]), names_of(later), names_of(earlier)
    if not counts(statement, numbers) and not _is_plain(statement, frozenset(before.bound)):
        return False
    if own.read & (rest.bound | rest.deleted) or own.bound & (rest.read | rest.bound | rest.deleted):
        return False
    if any(not _is_fresh(name, earlier) for name in own.read & before.bound):
        return False
    if _looked_at(statement) - before.bound - numbers - _PLAIN:
        return False
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Attribute):
        return not _may_use(later, statement.target)
    changed = {ast.dump(receiver) for receiver in _receivers(statement)}
    used = {ast.dump(node) for each in later for node in ast.walk(each) if isinstance(node, (ast.Attribute, ast.Name))}
    return not changed & used


def _may_use(statements: Sequence[ast.stmt], target: ast.Attribute) -> bool:
    """Whether statements may read or set an attribute: by its name, or because they hand on or call its object."""
    owner = ast.unparse(target.value)
    nodes = [node for each in statements for node in ast.walk(each)]
    parts = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == owner:
            if node.attr == target.attr or id(node) in called:
                return True
        elif isinstance(node, ast.Name) and node.id == owner and id(node) not in parts:
            return True
    return False


def counts(statement: ast.stmt, numbers: frozenset[str]) -> bool:
    """Whether a statement increments a Python number, which is not tensor work: ``rounds += 1``."""
    match statement:
        case ast.AugAssign(target=ast.Name(id=name), value=ast.Constant(value=int() | float())):
            return name in numbers
    return False


def _is_plain(statement: ast.stmt, tensors: frozenset[str]) -> bool:
    """Whether a statement runs no operation; ``tensors`` are names that may refer to tensors."""

    def plain(node: ast.expr) -> bool:
        match node:
            case ast.Name() | ast.Constant():
                return True
            case ast.JoinedStr(values=parts) | ast.Tuple(elts=parts):
                return all(map(plain, parts))
            case ast.FormattedValue(value=value):
                return plain(value)
            case ast.BinOp(left=ast.Constant(value=str()), right=right):
                return plain(right)
            case ast.BinOp(left=left, right=right):
                return is_number(left) and is_number(right)
            case ast.Compare(left=left, comparators=comparators):
                return all(map(is_number, (left, *comparators)))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                return name in _PLAIN and all(map(plain, args)) and all(plain(each.value) for each in keywords)
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Attribute(attr="numpy")) as inner), args=[]):
                return plain(inner)  # a method of an array
            case ast.Call(func=ast.Attribute(attr=name, value=value), args=args, keywords=keywords):
                of_object = isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name)
                ready = isinstance(value, (ast.Name, ast.Constant)) or (name in _CHANGING and of_object)
                fine = all(map(plain, args)) and all(plain(each.value) for each in keywords)
                return name in _PLAIN_METHODS and ready and fine
        return False

    def is_number(node: ast.expr) -> bool:
        match node:
            case ast.Constant(value=value):
                return isinstance(value, (int, float))
            case ast.Name(id=name):
                return name not in tensors
            case ast.BinOp(left=left, right=right):
                return is_number(left) and is_number(right)
            case ast.Call(func=ast.Name(id=name)):
                return name in ("float", "int", "len", "round") and plain(node)
            case ast.Call(func=ast.Attribute(attr=name)):
                return name in _READING and plain(node)
        return False

    match statement:
        case ast.Expr(value=ast.Call() as call):
            return plain(call)
        case ast.Assign(targets=[ast.Name()], value=value) | ast.AugAssign(target=ast.Name(), value=value):
            return isinstance(value, ast.Call) and is_number(value)
        case ast.AugAssign(target=ast.Attribute(value=ast.Name()), value=value):
            return isinstance(value, ast.Call) and is_number(value)
        case ast.If(test=test, body=body, orelse=[]):
            return plain(test) and all(_is_plain(each, tensors) for each in body)
    return False


def _is_fresh(name: str, earlier: Sequence[ast.stmt]) -> bool:
    """Whether each binding of a name creates a new object: an alias of a variable would show its later values."""
    for statement in earlier:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign) and name in names_of(node.targets).bound:
                if not isinstance(node.value, (ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare)):
                    return False
                if isinstance(node.value, ast.Call) and (
                    isinstance(node.value.func, ast.Lambda) or ast.unparse(node.value.func).endswith("Variable")
                ):
                    return False
            elif isinstance(node, (ast.For, ast.AugAssign)):
                if name in names_of([node.target]).bound:
                    return False
            elif isinstance(node, (ast.withitem, ast.NamedExpr)) and name in names_of([node]).bound:
                return False
    return True


def _looked_at(statement: ast.stmt) -> set[str]:
    """The names whose values a statement uses: all except those that it only prints, or whose method it calls."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        if isinstance(call.func, ast.Name) and call.func.id == "print":
            converted = [node for node in ast.walk(call) if isinstance(node, ast.Call) and node is not call]
            numeric = [node for node in ast.walk(call) if isinstance(node, ast.BinOp) and not _formats(node)]
            taken = [node for node in converted if not _is_text_format(node)]
            return names_of([*taken, *numeric]).read
        return names_of([*call.args, *call.keywords]).read
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Attribute):
        return names_of([statement.value]).read
    return names_of([statement]).read


def _formats(node: ast.BinOp) -> bool:
    return isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)


def _is_text_format(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant)


def _receivers(statement: ast.stmt) -> list[ast.expr]:
    """The objects that a statement changes by a method."""
    return [
        node.func.value
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING
    ]
