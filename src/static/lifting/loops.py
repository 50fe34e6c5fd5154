"""Whole loops over a data set in which each iteration is a proved step: such a loop may become one graph.

In such a loop Python only passes the batches on, so an iteration needs no proof beyond that of its step. A name that
the loop reads, but neither gets as an argument nor binds, must never change: the graph of the loop reads it only once.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...records import Region
from .choosing import find_block, lists_of, scope_at
from .dividing import leaves
from .names import LOOPS, SCOPES, parameters_of
from .numbers import pairs_of
from .reading import Reader, Unliftable


@dataclass(frozen=True)
class Step:
    """A proved step: its candidate's id, and the name of its function in the file, or the lines of its region."""

    candidate: str
    qualname: str
    region: Region | None = None


@dataclass(frozen=True)
class Loop:
    """A loop that can be a function: its region, the name of its scope, and the proved steps in its iterations.

    ``absorbed`` are those of the steps whose statements are in it. ``iterated`` is the name of the data, followed by an
    attribute if the data is one; empty for a ``tf.range``.
    """

    region: Region
    qualname: str
    steps: tuple[str, ...]
    absorbed: tuple[str, ...]
    iterated: tuple[str, ...]


def find_loops(
    tree: ast.Module, file: str, steps: Sequence[Step], assigned: Mapping[str, int], defined: Mapping[str, int]
) -> list[Loop | Unliftable]:
    """The loops of a file around the steps, or why each can't be a function.

    ``assigned`` counts the assignments of attributes in the project by their names, ``defined`` its functions.
    """
    found: list[Loop | Unliftable] = []
    taken = set[str]()
    for scope, qualname in _scopes(tree):
        for body, _ in lists_of(scope):
            for statement in body:
                if isinstance(statement, ast.For) and _runs(statement, steps):
                    finder = _Finder(tree, file, steps, assigned, defined, frozenset(taken))
                    loop = finder.loop(statement, scope, qualname)
                    if isinstance(loop, Loop):
                        taken.add(loop.region.name)
                    found.append(loop)
    return found


def count_names(trees: Iterable[ast.Module]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """How often the files of a project assign attributes of each name, and define functions of each name."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    assigned = Counter(
        node.attr for node in nodes if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
    )
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[_, ast.Constant(value=str(name)), *_]):
                assigned[name] += 1
    return assigned, Counter(node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def _scopes(tree: ast.Module) -> Iterator[tuple[ast.Module | ast.FunctionDef, str]]:
    """The module and its functions, each with its qualified name."""
    yield tree, "<module>"
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    for node, prefix in waiting:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef):
                yield child, prefix + child.name
                waiting.append((child, f"{prefix}{child.name}.<locals>."))
            elif isinstance(child, ast.ClassDef):
                waiting.append((child, f"{prefix}{child.name}."))
            elif not isinstance(child, SCOPES):
                waiting.append((child, prefix))


def _runs(loop: ast.For, steps: Sequence[Step]) -> bool:
    """Whether a loop's own body contains a step; a loop inside a step does not count."""
    regions = [step for step in steps if step.region is not None]
    return _step_of(loop, regions) is None and any(_step_of(each, steps) is not None for each in loop.body)


def _step_of(statement: ast.stmt, steps: Sequence[Step]) -> Step | None:
    """The step that contains a statement, or that it calls by name; None if there is none."""
    for step in steps:
        region = step.region
        if region is not None:
            if region.first <= statement.lineno and (statement.end_lineno or 0) <= region.last:
                return step
        elif (call := _call_of(statement)) is not None and _called(call) == step.qualname.rpartition(".")[2]:
            return step
    return None


def _call_of(statement: ast.stmt) -> ast.Call | None:
    """The call of a statement that only calls, and perhaps binds the result to names; None for other statements."""
    match statement:
        case ast.Expr(value=ast.Call() as call):
            return call
        case ast.Assign(targets=[target], value=ast.Call() as call) if _is_names(target):
            return call
        case ast.AugAssign(target=ast.Name(), op=ast.Add() | ast.Sub(), value=ast.Call() as call):
            return call
    return None


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _is_sum(target: ast.expr, scope: ast.AST) -> bool:
    """Whether a scope binds a name only to numbers or tensors made of numbers, and by adding to it."""
    stores = {
        id(node)
        for node in ast.walk(scope)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and ast.dump(node) == ast.dump(target)
    }
    given = [
        (each, value)
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign)
        for each, value in pairs_of(node)
        if id(each) in stores
    ]
    added = {id(node.target) for node in ast.walk(scope) if isinstance(node, ast.AugAssign)}
    return stores <= added | {id(each) for each, _ in given} and all(_is_number(value) for _, value in given)


def _is_number(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=int() | float()):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="tf"), attr="constant" | "zeros"), args=[first, *_]):
            return isinstance(first, (ast.Constant, ast.List, ast.Tuple))
    return False


def _is_names(target: ast.expr) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(map(_is_names, target.elts))
    return isinstance(target, ast.Name)


@dataclass(frozen=True)
class _Finder:
    tree: ast.Module
    file: str
    steps: Sequence[Step]
    assigned: Mapping[str, int]
    defined: Mapping[str, int]
    taken: frozenset[str]

    def loop(self, loop: ast.For, scope: ast.Module | ast.FunctionDef, qualname: str) -> Loop | Unliftable:
        """A loop as a function, or why it can't be one."""
        lines = loop.lineno, loop.end_lineno or loop.lineno
        receiver = self._receiver(scope)
        why = self._unfit(loop, scope, receiver)
        if why is not None:
            return Unliftable(*lines, *why)
        left = leaves([loop], scope)
        if left is not None:
            return Unliftable(*lines, *left)
        found = scope_at(self.tree, 0 if isinstance(scope, ast.Module) else scope.lineno)
        assert found is scope
        block = find_block(scope, *lines)
        names = self.taken, frozenset(self.defined)
        region = Reader(self.tree, scope, block, [loop], [], self.file, lines, *names, loop=loop).read()
        if isinstance(region, Unliftable):
            return region
        changing = self._changing(loop, region)
        if changing:
            said = f"{changing} may change, and the graph of the loop would read it only once"
            return Unliftable(*lines, said, loop.lineno)
        used = [step for each in loop.body if (step := _step_of(each, self.steps)) is not None]
        return Loop(
            region,
            qualname,
            tuple(dict.fromkeys(step.candidate for step in used)),
            tuple(dict.fromkeys(step.candidate for step in used if step.region is not None)),
            _iterated(loop.iter),
        )

    def _unfit(self, loop: ast.For, scope: ast.AST, receiver: str) -> tuple[str, int] | None:
        """Why a loop is more than its steps, and the line; None if it is not."""
        if loop.orelse:
            return "it has an `else` branch", loop.orelse[0].lineno
        if not _is_names(loop.target):
            return "its loop variable is not a plain name", loop.lineno
        if not self._is_data(loop.iter, scope, receiver):
            said = ast.unparse(loop.iter)
            said = said if len(said) <= 60 else f"{said[:57]}..."
            return f"`{said}` is not a fixed data set", loop.lineno
        for statement in loop.body:
            step = _step_of(statement, self.steps)
            if step is None:
                said = ast.unparse(statement).partition("\n")[0]
                said = said if len(said) <= 60 else f"{said[:57]}..."
                return f"`{said}` is not part of a proved step", statement.lineno
            if step.region is not None and step.region.moved:
                return "each iteration does other work in Python after the step", step.region.moved[0][0]
            if step.region is not None and step.region.ahead:
                return "each iteration does other work in Python before the step", step.region.ahead[0][0]
            call = _call_of(statement)
            if isinstance(statement, ast.AugAssign) and step.region is None and not _is_sum(statement.target, scope):
                said = f"`{ast.unparse(statement.target)}` may not be a number, and `+=` may change it in place"
                return said, statement.lineno
            if step.region is None and (call is None or not self._is_call_of(call, step, receiver)):
                said = ast.unparse(statement)
                return f"the function or an argument of `{said}` may change later", statement.lineno
        return None

    def _is_data(self, node: ast.expr, scope: ast.AST, receiver: str) -> bool:
        """Whether a loop iterates over a name, an attribute that never changes, or a ``tf.range`` of names."""
        match node:
            case ast.Name():
                return True
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                return name == receiver != "" and self._is_kept(scope, attribute)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="tf"), attr="range"), args=args, keywords=[]):
                return all(isinstance(each, (ast.Name, ast.Constant)) for each in args)
        return False

    def _is_kept(self, method: ast.AST, attribute: str) -> bool:
        """Whether the only assignment of an attribute in the project is in the constructor of the method's class."""
        holder = next(node for node in self.tree.body if isinstance(node, ast.ClassDef) and method in node.body)
        made = [each for each in holder.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
        stores = [
            node
            for each in made
            for node in ast.walk(each)
            if isinstance(node, ast.Attribute) and node.attr == attribute and isinstance(node.ctx, ast.Store)
        ]
        return len(stores) == 1 == self.assigned.get(attribute, 0) and attribute not in self.defined

    def _is_call_of(self, call: ast.Call, step: Step, receiver: str) -> bool:
        """Whether a call certainly calls the step, and passes only names and constants."""
        given = [*call.args, *(each.value for each in call.keywords)]
        if not all(isinstance(each, (ast.Name, ast.Constant)) for each in given):
            return False
        if any(each.arg is None for each in call.keywords):
            return False
        owner, _, name = step.qualname.rpartition(".")
        found = [node for node in ast.walk(self.tree) if getattr(node, "name", None) == name]
        if len(found) != 1 or not isinstance(found[0], ast.FunctionDef) or found[0].decorator_list:
            return False
        if name in self.assigned or self._is_open():
            return False
        match call.func:
            case ast.Name():
                return (not owner or owner.endswith("<locals>")) and self._bindings(name) == 1
            case ast.Attribute(value=ast.Name(id=named)):
                # The object may be of another class with a method of that name.
                return named == receiver != "" and not owner.endswith("<locals>") and self.defined.get(name) == 1
        return False

    def _changing(self, loop: ast.For, region: Region) -> str:
        """A name that the loop reads but does not get as an argument, and that may be rebound; empty if there is none.

        The names that a region reads were checked when the region was proved.
        """
        own = {*region.parameters, region.receiver}
        read = {node.id for node in ast.walk(loop.iter) if isinstance(node, ast.Name)}
        for statement in loop.body:
            step = _step_of(statement, self.steps)
            if step is not None and step.region is None:
                nodes = list(ast.walk(statement))
                read |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        bound = {
            node.id for node in ast.walk(loop) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        loose = [name for name in sorted(read - own - bound) if not self._is_fixed(name)]
        return loose[0] if loose else ""

    def _receiver(self, scope: ast.AST) -> str:
        """The name of a method's receiver; empty if the scope is not a method of a top-level class."""
        classes = (node for node in self.tree.body if isinstance(node, ast.ClassDef))
        if not any(each is scope for node in classes for each in node.body) or not isinstance(scope, ast.FunctionDef):
            return ""
        names = parameters_of(scope.args)
        return names[0] if names and not scope.decorator_list else ""

    def _is_fixed(self, name: str) -> bool:
        """Whether the module binds a name once, outside of loops, and no other code rebinds it."""
        waiting, count = list[tuple[ast.AST, int]]((each, 1) for each in self.tree.body), 0
        for node, weight in waiting:
            count += weight * _binds(node, name)
            if not isinstance(node, SCOPES):
                inner = 2 if isinstance(node, LOOPS) else weight
                waiting += [(child, inner) for child in ast.iter_child_nodes(node)]
        declared = any(
            isinstance(node, (ast.Global, ast.Nonlocal)) and name in node.names for node in ast.walk(self.tree)
        )
        return count == 1 and not declared and name not in self.assigned and not self._is_open()

    def _is_open(self) -> bool:
        """Whether the file may bind names that its source does not spell."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Call(func=ast.Name(id="globals" | "exec")):
                    return True
                case ast.Call(func=ast.Name(id="vars" | "locals"), args=[]):
                    return True
        return False

    def _bindings(self, name: str) -> int:
        """How often a file binds a name, in all its scopes."""
        return sum(_binds(node, name) for node in ast.walk(self.tree))


def _binds(node: ast.AST, name: str) -> int:
    """How often a node itself, without its children, binds a name; a ``global`` or ``nonlocal`` counts twice."""
    match node:
        case ast.Name(id=found, ctx=ast.Store() | ast.Del()):
            return found == name
        case ast.FunctionDef(name=found) | ast.AsyncFunctionDef(name=found) | ast.ClassDef(name=found):
            return found == name
        case ast.arg(arg=found):
            return found == name
        case ast.alias(name=found, asname=given):
            return (given or found.partition(".")[0]) == name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return 2 * (name in names)
        case (
            ast.ExceptHandler(name=found)
            | ast.MatchAs(name=found)
            | ast.MatchStar(name=found)
            | ast.MatchMapping(rest=found)
        ):
            return found == name
    return 0


def _iterated(node: ast.expr) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return name, attribute
    return ()
