"""Attributes with Python numbers that change from step to step: the call can pass them to the new function."""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..facts.elsewhere import Elsewhere
from .flow import is_evaluated
from .names import SCOPES, identifiers_of, names_of
from .numbers import pairs_of

#: Methods that set the initial state of an object.
_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__"})
#: Methods that intercept the reading or assigning of an attribute.
_INTERCEPTING = frozenset({"__getattr__", "__getattribute__", "__setattr__"})
#: Functions that always return a number, and functions that return a number for numbers.
_CONVERTING, _CHOOSING = frozenset({"float", "int", "bool", "len"}), frozenset({"min", "max", "abs", "round"})
#: With these, code can change an attribute or call a function without writing its name.
_CHANGING = frozenset({"__dict__", "__setattr__", "__delattr__", "delattr"})
_CALLING = frozenset({"getattr", "eval", "exec", "globals", "locals", "attrgetter", "methodcaller"})
#: Methods that Keras calls within the calls of its objects.
_HOOKS = frozenset(
    {
        "call",
        "build",
        "compute_mask",
        "compute_output_shape",
        "update_step",
        "update_state",
        "_resource_apply_dense",
        "_resource_apply_sparse",
        "_create_slots",
    }
)

_Def = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class _Store:
    """One assignment to an attribute: its function, its value (None: unknown), and whether it initialises an object."""

    function: _Def | None
    value: ast.expr | None
    initial: bool


class Attributes:
    """A module's uses of attributes, by name. ``elsewhere`` knows those of the other modules."""

    def __init__(self, tree: ast.Module, elsewhere: Elsewhere) -> None:
        self.elsewhere = elsewhere
        #: All names in the module.
        nodes = list(ast.walk(tree))
        self.identifiers = identifiers_of(nodes)
        self.stores: dict[str, list[_Store]] = {}
        self.functions: dict[str, list[_Def]] = {}
        self.classes: dict[str, list[ast.ClassDef]] = {}
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        called = {id(node.func) for node in calls}
        #: Names that are read but not called directly. Code that receives such a function may call it.
        self.handed_on = {
            name
            for node in nodes
            if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load) and id(node) not in called
            for name in _identifiers([node])
        }
        # As an argument of a call, `vars(args)` is only read: `dict(vars(args))`, `init(config=vars(args))`.
        read = {id(part) for node in calls for part in (*node.args, *(each.value for each in node.keywords))}
        self.is_open = bool(_CHANGING & set(_identifiers(nodes))) or any(
            isinstance(node.func, ast.Name) and node.func.id == "vars" and id(node) not in read for node in calls
        )
        self.is_open = self.is_open or "setattr" in self.handed_on
        self._module = names_of(tree.body)
        self._constants = {
            name: value
            for statement in tree.body
            if isinstance(statement, ast.Assign)
            for target, value in pairs_of(statement)
            for name in names_of([target]).bound
        }
        self._visit(tree, None)

    def _visit(self, node: ast.AST, function: _Def | None) -> None:
        """Record the attributes that a piece of source assigns, and its definitions."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.functions.setdefault(node.name, []).append(node)
                function = node
            case ast.ClassDef():
                self.classes.setdefault(node.name, []).append(node)
                self._of_class(node)
            case ast.Assign():
                self._assigned(pairs_of(node), function)
            case ast.AnnAssign(value=value) if value is not None:
                self._assigned([(node.target, value)], function)
            case ast.AugAssign(target=ast.Attribute() as target):
                self._assigned([(target, ast.BinOp(target, node.op, node.value))], function)
            case ast.Call(func=ast.Name(id="setattr")):
                named = node.args[1] if len(node.args) > 1 else None
                if isinstance(named, ast.Constant) and isinstance(named.value, str):
                    self._add(named.value, function, None)
                else:
                    self.is_open = True
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                self._assigned([(node.target, None)], function)
            case ast.withitem(optional_vars=ast.expr() as target):
                self._assigned([(target, None)], function)
            case ast.Delete():
                self._assigned([(target, None) for target in node.targets], function)
        for child in ast.iter_child_nodes(node):
            self._visit(child, function)

    def _assigned(self, pairs: Sequence[tuple[ast.expr, ast.expr | None]], function: _Def | None) -> None:
        for target, value in pairs:
            if isinstance(target, ast.Attribute):
                self._add(target.attr, function, value)
            elif isinstance(target, (ast.Tuple, ast.List, ast.Starred)):
                parts = [each for each in ast.iter_child_nodes(target) if isinstance(each, ast.expr)]
                self._assigned([(each, None) for each in parts], function)

    def _add(self, attribute: str, function: _Def | None, value: ast.expr | None) -> None:
        initial = function is not None and function.name in _CONSTRUCTORS
        self.stores.setdefault(attribute, []).append(_Store(function, value, initial))

    def _of_class(self, node: ast.ClassDef) -> None:
        """Record the attributes that a class's body gives each of its objects."""
        for statement in node.body:
            if isinstance(statement, SCOPES):
                continue
            pairs: list[tuple[ast.expr, ast.expr]] = pairs_of(statement) if isinstance(statement, ast.Assign) else []
            if isinstance(statement, ast.AnnAssign):
                # A field without a value holds an instance of its type: `beta: float` is a number, like `float()`.
                pairs = [(statement.target, statement.value or ast.Call(statement.annotation, [], []))]
            known = {target.id: value for target, value in pairs if isinstance(target, ast.Name)}
            for name in names_of([statement]).bound:
                self.stores.setdefault(name, []).append(_Store(None, known.get(name), True))

    def given(
        self, region: Sequence[ast.stmt], receiver: str, owner: ast.ClassDef | None, taken: Collection[str]
    ) -> Iterator[tuple[str, str]]:
        """The attributes of ``receiver`` to pass to a region, as pairs of the parameter's name and the attribute.

        ``owner`` is the receiver's class, if known; ``taken`` are names that no parameter may have.
        """
        if self.is_open or receiver in names_of(region).bound:
            return
        loads: dict[str, list[ast.Attribute]] = {}
        for node in sorted(_attributes(region), key=lambda each: (each.lineno, each.col_offset)):
            if isinstance(node.value, ast.Name) and node.value.id == receiver:
                loads.setdefault(node.attr, []).append(node)
        used = {*taken, receiver, *dir(builtins)}
        used.update(name for each in region for node in ast.walk(each) for name in _names_in(node))
        for attribute, found in loads.items():
            name = attribute.lstrip("_")
            if name in used or not name.isidentifier() or keyword.iskeyword(name):
                continue
            if (
                self._changes(attribute, owner)
                and _is_plainly_read(region, attribute, found)
                and (self._is_set(attribute, owner) or any(is_evaluated(node, region) for node in found))
                and not self._may_change_within(region, attribute)
            ):
                used.add(name)
                yield name, f"{receiver}.{attribute}"

    def _changes(self, attribute: str, owner: ast.ClassDef | None) -> bool:
        """Whether an attribute is always a number, and is assigned outside of constructors too."""
        stores = self.stores.get(attribute, ())
        if all(store.initial for store in stores) or not self._is_number_always(attribute, set()):
            return False
        # A property, a method, a descriptor: reading it is a call.
        if attribute in self.functions or self.elsewhere.binds(attribute):
            return False
        bases = None if owner is None else owner.name
        return not _INTERCEPTING & self.functions.keys() and not self.elsewhere.intercepts(bases, _INTERCEPTING)

    def _is_set(self, attribute: str, owner: ast.ClassDef | None) -> bool:
        """Whether each object of the class has the attribute from the start."""
        for statement in owner.body if owner is not None else ():
            if attribute in names_of([statement]).bound and isinstance(statement, (ast.Assign, ast.AnnAssign)):
                return isinstance(statement, ast.Assign) or statement.value is not None
            if isinstance(statement, ast.FunctionDef) and statement.name == "__init__" and statement.args.args:
                own = statement.args.args[0].arg
                targets = [
                    target
                    for each in statement.body
                    if isinstance(each, (ast.Assign, ast.AnnAssign))
                    for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
                ]
                flat = [part for each in targets for part in (each.elts if isinstance(each, ast.Tuple) else [each])]
                if f"{own}.{attribute}" in map(ast.unparse, flat):
                    return True
        return False

    def _may_change_within(self, region: Sequence[ast.stmt], attribute: str) -> bool:
        """Whether a region may call a function that assigns the attribute, judging by the names in it."""
        special = {name for name in self.functions if name.startswith("__") and name.endswith("__")}
        waiting = {*_HOOKS, *(special - _CONSTRUCTORS), *(self.handed_on & self.functions.keys())}
        waiting.update(name for each in region for name in _identifiers(ast.walk(each)))
        seen = set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in _CALLING:
                return True
            if name in self.classes:
                waiting |= _CONSTRUCTORS
            for function in self.functions.get(name, ()):
                inside = {id(node) for node in ast.walk(function)}
                if any(id(store.function) in inside for store in self.stores[attribute]):
                    return True
                waiting.update(_identifiers(ast.walk(function)))
            waiting |= self.elsewhere.mentioned_beside(name)
        return False

    def _is_number_always(self, attribute: str, assumed: set[str]) -> bool:
        """Whether all values assigned to attributes of this name are numbers."""
        if attribute in assumed:
            return True
        assumed.add(attribute)
        stores = self.stores.get(attribute, ())
        return bool(stores) and all(
            store.value is not None and self._is_number(store.value, store.function, assumed) for store in stores
        )

    def _is_number(self, node: ast.expr, function: _Def | None, assumed: set[str]) -> bool:
        """Whether an expression is a number. In a constructor, any name is assumed to be one: it may be an argument."""

        def number(part: ast.expr) -> bool:
            return self._is_number(part, function, assumed)

        constructs = function is not None and function.name in _CONSTRUCTORS
        match node:
            case ast.Constant(value=value):
                return isinstance(value, (int, float))
            case ast.UnaryOp(op=ast.Not()):
                return True
            case ast.UnaryOp(operand=operand):
                return number(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return not isinstance(op, ast.MatMult) and number(left) and number(right)
            case ast.IfExp(body=body, orelse=orelse):
                return number(body) and number(orelse)
            case ast.Compare(left=left, comparators=comparators):
                return all(map(number, (left, *comparators)))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                if name in self._module.bound or any(isinstance(each, ast.Starred) for each in args):
                    return False
                return name in _CONVERTING or (name in _CHOOSING and bool(args) and all(map(number, args)))
            case ast.Call(func=ast.Attribute(value=ast.Name(id="math"))):
                return True
            case ast.Attribute(value=ast.Name(), attr=attr) if attr in self.stores:
                return self._is_number_always(attr, assumed)
            case ast.Attribute(value=ast.Name()):
                return constructs  # `args.beta`
            case ast.Name(id=name):
                return constructs or self._names_number(name, function, assumed)
        return False

    def _names_number(self, name: str, function: _Def | None, assumed: set[str]) -> bool:
        """Whether a name is a number: a constant of the module, a hinted argument, or computed from numbers."""
        key = f"{id(function)} {name}"
        if key in assumed:
            return True
        assumed.add(key)
        own = names_of(function.body) if function is not None else self._module
        if function is not None and name in own.bound and name not in own.rebound:
            pairs = [pair for node in ast.walk(function) if isinstance(node, ast.Assign) for pair in pairs_of(node)]
            values = [value for target, value in pairs if name in names_of([target]).bound]
            stores = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name]
            plain = sum(isinstance(each.ctx, ast.Store) for each in stores) == len(values)
            return plain and bool(values) and all(self._is_number(each, function, assumed) for each in values)
        arguments = [] if function is None else [*function.args.args, *function.args.kwonlyargs]
        for argument in arguments:
            if argument.arg == name:
                hint = argument.annotation
                return isinstance(hint, ast.Name) and hint.id in ("float", "int", "bool")
        value = self._constants.get(name)
        return value is not None and self._is_number(value, None, assumed)


def _attributes(region: Sequence[ast.stmt]) -> list[ast.Attribute]:
    return [node for each in region for node in ast.walk(each) if isinstance(node, ast.Attribute)]


def _is_plainly_read(region: Sequence[ast.stmt], attribute: str, loads: Sequence[ast.Attribute]) -> bool:
    """Whether a region only reads an attribute, and a name can replace each read: in its own scope, on one line."""
    if any(not isinstance(node.ctx, ast.Load) for node in _attributes(region) if node.attr == attribute):
        return False
    nodes = [node for each in region for node in ast.walk(each)]
    apart = {id(inner) for node in nodes if isinstance(node, (*SCOPES, ast.JoinedStr)) for inner in ast.walk(node)}
    return not any(id(node) in apart or not _is_written_together(node) for node in loads)


def _is_written_together(node: ast.Attribute) -> bool:
    assert isinstance(node.value, ast.Name) and node.end_col_offset is not None
    width = len(f"{node.value.id}.{node.attr}".encode())
    return node.lineno == node.end_lineno and node.end_col_offset - node.col_offset == width


def _names_in(node: ast.AST) -> Iterator[str]:
    """The names that a node reads or binds as a variable."""
    for field in ("id", "name", "asname", "rest", *(["arg"] if isinstance(node, ast.arg) else [])):
        value = getattr(node, field, None)
        if isinstance(value, str):
            yield value.partition(".")[0]


def _identifiers(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names and attributes among the nodes."""
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
