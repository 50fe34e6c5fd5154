"""Python work inside a step that can run before it: statements that are moved ahead of the call, and arguments of it.

NumPy in the middle of a step needs values, which a graph does not have. If it does not need what the step computes,
or only what can be computed before the step just as well, the step can receive its result.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from ...records.scan import CONVERSION
from .arrays import Operands
from .flow import read_before_bound
from .host import RANDOM, conversions, host_calls, is_conversion, is_numeric
from .names import SCOPES, names_of

#: How many times something is moved out of one step before it is given up.
_MOST = 12
#: Statements that can be moved whole, unless they contain one of ``_JUMPS``.
_WHOLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.For, ast.If)
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)
_JUMPS = (ast.Return, ast.Yield, ast.YieldFrom, ast.Await, ast.With, ast.Try, ast.Global, ast.Nonlocal, *SCOPES)
#: Parts of an expression that are not always evaluated, or more than once, or not as a value.
_CONDITIONAL = (
    ast.IfExp,
    ast.BoolOp,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.NamedExpr,
    ast.JoinedStr,
)
#: Methods that change variables, or that need the tape: nothing is moved across these.
_UPDATING = frozenset(
    {
        "apply",
        "apply_gradients",
        "assign",
        "assign_add",
        "assign_sub",
        "gradient",
        "jacobian",
        "minimize",
        "set_weights",
        "update_state",
    }
)
#: Functions of Python's own that only depend on their arguments.
_PURE = frozenset({"abs", "bool", "float", "int", "len", "list", "max", "min", "range", "round", "sum", "tuple", "zip"})


@dataclass
class Ahead:
    """What is moved out of a step: whole statements, and expressions by the name of the parameter in their place.

    ``met`` are the parameters that are arrays and meet tensors in the step.
    """

    statements: list[ast.stmt] = field(default_factory=list)
    values: dict[str, ast.expr] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)


class _Place:
    """A statement that every run of the region executes once. Of a ``with`` these are its items, and its body's own."""

    def __init__(self, statement: ast.stmt, holder: list[ast.stmt]) -> None:
        self.statement = statement
        self.holder = holder
        self.parts: list[ast.AST] = list(statement.items) if isinstance(statement, ast.With) else [statement]
        names = names_of(self.parts)
        self.read = names.read
        #: Names of objects of which an item or an attribute is assigned.
        self.changed = set(_changed(self.parts))
        self.bound = names.bound | names.deleted | self.changed

    @property
    def updates(self) -> bool:
        """Whether it changes variables, or takes gradients."""
        calls = (call for part in self.parts for call in _calls(part))
        return any(isinstance(call.func, ast.Attribute) and call.func.attr in _UPDATING for call in calls)


def move_ahead(
    region: list[ast.stmt],
    behind: Sequence[ast.stmt],
    taken: Collection[str],
    operands: Operands,
    own: Collection[str] = (),
) -> Ahead | None:
    """Take everything out of a region, in the tree, that must run in Python; None if part of it can't run before.

    ``behind`` are statements that run after the region instead; ``taken`` are names that no parameter may get. If an
    array meets a tensor, according to ``operands``, the arithmetic with arrays must run in Python as well. What
    `tf.constant` makes of values of the scope's ``own`` names is passed, too.
    """
    ahead = Ahead()
    used = {*taken, *dir(builtins)}
    mixed = bool(operands.meeting(region))
    for _ in range(_MOST):
        places = [each for each in _straight(region) if not any(each.statement is other for other in behind)]
        bound = frozenset(name for each in places for name in each.bound)
        calls = [
            (number, call)
            for number, place in enumerate(places)
            for part in place.parts
            for call in [*host_calls(part, bound), *conversions(part, {*own} - bound)][:1]
        ]
        values = [(number, _value_of(places, number, call, ahead)) for number, call in calls]
        if mixed:
            values += _arithmetic(places, operands, ahead)
        # A statement that is moved may contain such a value, so statements come first. What changes an array that is
        # made before the call goes along with it.
        made = {name for each in ahead.statements for name in names_of([each]).bound}
        whole = next((number for number, value in values if value is None), None)
        if whole is None:
            whole = next((number for number, place in enumerate(places) if place.changed & made), None)
        if whole is not None:
            if not _take_statements(places, whole, bound, ahead):
                return None
        elif values:
            value = values[0][1]
            assert value is not None
            name = _name_for(value, used)
            used.add(name)
            ahead.values[name] = value
            if any(each is value for each in operands.meeting(region)):
                ahead.met.add(name)
            replacing = _Replacing(ast.dump(value), name)
            for each in region:
                replacing.generic_visit(each)
        else:
            ahead.statements.sort(key=lambda statement: statement.lineno)
            fits = region and all(each.holder for each in places) and not _recorded(ahead, region, operands)
            ahead.met |= operands.met(region) - ahead.values.keys()
            return ahead if fits else None
    return None


def _arithmetic(places: Sequence[_Place], operands: Operands, ahead: Ahead) -> list[tuple[int, ast.expr | None]]:
    """The arithmetic with arrays that can run before the step; None stands for a whole statement."""
    found: list[tuple[int, ast.expr | None]] = []
    for number, place in enumerate(places):
        statement = place.statement
        if isinstance(statement, ast.Assign) and operands.is_numeric(statement.value):
            before = {name for each in places[:number] for name in each.bound}
            if not place.read & before and all(_is_pure(each) for each in _calls(statement)):
                found.append((number, None))
        elif isinstance(statement, _SIMPLE):
            values = (_value_of(places, number, each, ahead) for each in operands.numeric(statement))
            found += [(number, each) for each in values if each is not None][:1]
    return found


def _calls(node: ast.AST) -> list[ast.Call]:
    return [each for each in ast.walk(node) if isinstance(each, ast.Call)]


def _recorded(ahead: Ahead, region: Sequence[ast.stmt], operands: Operands) -> set[str]:
    """Names of tensors that the step takes from statements before the call, where its tape no longer records them."""
    tensors, arrays = set[str](), set[str]()
    for statement in ahead.statements:
        names = names_of([statement])
        numeric = bool(host_calls(statement, frozenset(names.read)) or names.read & arrays)
        numeric = numeric or any(map(is_conversion, _calls(statement)))
        numeric = numeric or (isinstance(statement, ast.Assign) and operands.is_numeric(statement.value))
        (arrays if numeric else tensors).update(names.bound)
        (tensors if numeric else arrays).difference_update(names.bound)
    return tensors & read_before_bound(region)


def _straight(body: list[ast.stmt]) -> Iterator[_Place]:
    for statement in body:
        yield _Place(statement, body)
        if isinstance(statement, ast.With):
            yield from _straight(statement.body)


def _changed(parts: Sequence[ast.AST]) -> Iterator[str]:
    """The names of objects of which an item or an attribute is assigned."""
    for part in parts:
        for node in ast.walk(part):
            if isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
                root: ast.expr = node
                while isinstance(root, (ast.Subscript, ast.Attribute)):
                    root = root.value
                if isinstance(root, ast.Name):
                    yield root.id


def _value_of(places: Sequence[_Place], number: int, numeric: ast.expr, ahead: Ahead) -> ast.expr | None:
    """The expression around a numeric one that the call of the function can evaluate; None if there is none."""
    statement = places[number].statement
    if not isinstance(statement, _SIMPLE):
        return None
    expression = _with_methods(statement, numeric)
    before = {name for place in places[:number] for name in place.bound}
    # A whole statement that needs nothing of the step is moved as it is.
    whole = isinstance(numeric, ast.Call) and isinstance(statement, ast.Assign)
    if whole and not places[number].read & before and all(map(_is_pure, _calls(statement))):
        return None
    dumped = ast.dump(expression)
    # The same expression elsewhere becomes the parameter as well.
    same = [
        (at, place)
        for at, place in enumerate(places)
        for part in place.parts
        for node in ast.walk(part)
        if ast.dump(node) == dumped
    ]
    last = max(at for at, _ in same)
    bound = {name for place in places[: last + 1] for name in place.bound}
    for each in ahead.statements:
        if each.lineno > expression.lineno:
            bound |= {*names_of([each]).bound, *_changed([each])}
    fine = (
        expression.lineno == expression.end_lineno
        and not names_of([expression]).read & bound
        and not any(place.updates for place in places[:last])
        and not any(isinstance(node, ast.NamedExpr) for node in ast.walk(expression))
        and not (_draws(expression) and len(same) > 1)
        and all(isinstance(place.statement, _SIMPLE) for _, place in same)
        and _is_evaluated_once(statement, expression)
        and all(map(_is_pure, _calls(expression)))
    )
    return expression if fine else None


def _draws(expression: ast.expr) -> bool:
    return any(part in ast.unparse(expression) for part in RANDOM)


class _Replacing(ast.NodeTransformer):
    def __init__(self, dumped: str, name: str) -> None:
        self.dumped = dumped
        self.name = name

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr) and ast.dump(node) == self.dumped:
            return ast.copy_location(ast.Name(self.name, ast.Load()), node)
        return self.generic_visit(node)


def _with_methods(statement: ast.stmt, expression: ast.expr) -> ast.expr:
    """An expression with the methods that are called on its result: ``np.array(x).astype("float32")``."""
    methods = {
        id(node.func.value): node
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    while id(expression) in methods:
        expression = methods[id(expression)]
    return expression


def _is_pure(call: ast.Call) -> bool:
    match call.func:
        case ast.Name(id=name):
            return name in _PURE
        case ast.Attribute(value=ast.Call() as inner):
            return _is_pure(inner)
    return is_numeric(call) or is_conversion(call)


def _is_evaluated_once(statement: ast.stmt, expression: ast.expr) -> bool:
    """Whether a statement evaluates an expression in it exactly once."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if node is expression:
            return True
        if not isinstance(node, _CONDITIONAL):
            waiting += ast.iter_child_nodes(node)
    return False


def passed_as(expression: ast.expr, tree: ast.Module, meets: bool = False) -> str:
    """What the call passes for a value: a number that changes in each call is passed as a tensor.

    A graph would be traced for each value of a Python number. An array that ``meets`` tensors is passed as `float32`.
    """
    source = ast.unparse(expression)
    imports = (each for node in tree.body if isinstance(node, ast.Import) for each in node.names)
    name = next((each.asname or each.name for each in imports if each.name == "tensorflow"), "")
    if name and meets:
        return f"{name}.{CONVERSION}({source}, {name}.float32)"
    return f"{name}.{CONVERSION}({source})" if name and _draws_number(expression) else source


def _draws_number(expression: ast.expr) -> bool:
    """Whether an expression draws one Python number: it names no size."""
    if not isinstance(expression, ast.Call) or not _draws(expression):
        return False
    name = ast.unparse(expression.func)
    most = 2 if name.endswith((".normal", ".uniform", ".gauss")) else 0
    return len(expression.args) <= most and not any(each.arg in (None, "size") for each in expression.keywords)


def _name_for(expression: ast.expr, used: Collection[str]) -> str:
    """A name for a parameter: what the expression is computed from, or ``noise`` if it is drawn."""
    match expression:
        case ast.BinOp(ast.Constant(value=1), ast.Sub(), ast.Name(id=negated)) if f"not_{negated}" not in used:
            return f"not_{negated}"
    modules = {"np", "numpy", "tf", "tensorflow"}
    parts = list(ast.walk(expression))
    called = {id(each.func) for each in parts if isinstance(each, ast.Call)}
    named = (each for each in parts if id(each) not in called and isinstance(getattr(each, "ctx", None), ast.Load))
    names = [
        node.id if isinstance(node, ast.Name) else node.attr.lstrip("_")
        for node in named
        if isinstance(node, ast.Attribute) or (isinstance(node, ast.Name) and node.id not in modules)
    ]
    base = "noise" if _draws(expression) else names[0] if names else "value"
    kind = "tensor" if isinstance(expression, ast.Call) and is_conversion(expression) else "array"
    for name in (base, f"{base}_{kind}" if base != "noise" else base):
        if name not in used and name.isidentifier():
            return name
    return next(name for number in range(2, 1000) if (name := f"{base}_{number}") not in used)


def _take_statements(places: Sequence[_Place], number: int, bound: frozenset[str], ahead: Ahead) -> bool:
    """Move a statement ahead, with those before it that it needs."""
    chosen, waiting = {number}, [number]
    while waiting:
        at = waiting.pop()
        place = places[at]
        if not _may_move(place, bound):
            return False
        for before in range(at):
            if before not in chosen and places[before].bound & (place.read | place.bound):
                chosen.add(before)
                waiting.append(before)
    for at in chosen:
        for before in range(at):
            passed = places[before]
            if before not in chosen and (passed.updates or passed.read & places[at].bound):
                return False
    for at in chosen:
        places[at].holder.remove(places[at].statement)
        ahead.statements.append(places[at].statement)
    return all(place.holder for place in places)


def _may_move(place: _Place, bound: frozenset[str]) -> bool:
    statement = place.statement
    if not isinstance(statement, _WHOLE) or place.updates or not _stays_inside(statement):
        return False
    return all(map(is_numeric, host_calls(statement, bound)))


def _stays_inside(statement: ast.stmt) -> bool:
    """Whether a statement leaves no loop around it, and holds nothing that has its own scope or context."""
    loops = [node for node in ast.walk(statement) if isinstance(node, (ast.For, ast.While))]
    inside = {id(node) for loop in loops for each in loop.body for node in ast.walk(each)}
    return not any(
        isinstance(node, _JUMPS) or (isinstance(node, (ast.Break, ast.Continue)) and id(node) not in inside)
        for node in ast.walk(statement)
    )
