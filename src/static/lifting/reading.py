"""The parameters and results of a region, by the liveness of names around it; or why it can't be a function."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ...records import Region
from .ahead import Ahead, passed_as
from .flow import Certainty, Liveness, certain_after, read_after_deletion, read_before_bound
from .names import LOOPS, SCOPES, identifiers_of, locals_of, names_of, parameters_of, walk_scope
from .naming import find_loop_name, find_name
from .numbers import counters_of, is_only_converted
from .state import Attributes

#: Maximum numbers of parameters and results: a region that needs more is not a sensible function.
MOST_PARAMETERS, MOST_RESULTS = 14, 8


@dataclass(frozen=True)
class Unliftable:
    """Why the statements around a step can't become a function, as a clause, and the line that it concerns."""

    first: int
    last: int
    reason: str
    line: int


@dataclass(frozen=True)
class Block:
    """A list of statements, and the statements around it in its scope, outermost first."""

    statements: list[ast.stmt]
    around: tuple[ast.stmt, ...]


@dataclass
class Reader:
    """Finds the parameters and results of a region, from which the Python statements have been moved."""

    tree: ast.Module
    scope: ast.Module | ast.FunctionDef
    block: Block
    region: list[ast.stmt]
    moved: list[ast.stmt]
    file: str
    lines: tuple[int, int]
    taken: frozenset[str]
    methods: frozenset[str]
    trains: bool = False
    attributes: Attributes | None = None
    ahead: Ahead = field(default_factory=Ahead)
    loop: ast.For | None = None  # if the region is a whole loop

    def read(self) -> Region | Unliftable:
        """The region, or why it can't be a function."""
        self.region = [each for each in self.region if not any(each is other for other in self.moved)]
        if not self.region:
            return self._no("it does not compute with tensors")
        self.own = names_of(self.region)
        flow = Liveness()
        flow.block(self.scope.body, frozenset())
        self.live = flow.after[id(self.region[-1])]
        seen = self._seen_elsewhere()
        if seen is not None:
            return seen
        live = self.live
        caught = flow.raises[id(self.region[0])] & self.own.bound
        if caught:
            return self._no(f"it binds {min(caught)}, which an enclosing exception handler reads")
        gone = self.own.deleted - _own_deletes(self.region)
        if gone:
            return self._no(f"it deletes {min(gone)}, which is bound before it")
        maybe = (self.own.bound & live) - certain_after(self.region)
        needed = read_before_bound(self.region) | maybe
        given = self._ordered(needed & self._own_globals())
        parameters = [name for name in self._parameters(needed) if name not in given]
        sure = self._certain_before(self.region[0])
        unsure = [name for name in (*parameters, *given) if name not in sure]
        if unsure:
            return self._no(f"{unsure[0]} may be unbound where it begins")
        if self.loop is not None and isinstance(self.loop.iter, ast.Name) and self.loop.iter.id not in parameters:
            # The data of the loop is a parameter: with it as a constant, the graph would never see other data.
            parameters = [self.loop.iter.id, *parameters]
        early = self._may_fail(sure) or self._fails_earlier()
        if early is not None:
            return early
        tape = self._tape(parameters)
        if tape is not None:
            return tape
        results = self._ordered(self.own.bound & live)
        for name in results:
            kind = self._holder(name)
            if kind:
                return self._no(f"{name} is read later, and a graph can't return {kind}")
        counter = self._counter([*parameters, *given])
        if counter:
            said = f"{counter[0]} is a Python number that changes in each iteration and would cause retraces"
            return Unliftable(*self.lines, said, counter[1])
        many = len(parameters) + len(given)
        if many > MOST_PARAMETERS or len(results) > MOST_RESULTS:
            return self._no(f"as a function it would need {many} parameters and {len(results)} results")
        return self._region(parameters, results, given)

    def _no(self, reason: str, line: int | None = None) -> Unliftable:
        return Unliftable(*self.lines, reason, self.lines[0] if line is None else line)

    def _region(self, parameters: list[str], results: list[str], given: list[str]) -> Region | Unliftable:
        function = self.scope if isinstance(self.scope, ast.FunctionDef) else None
        holder = self._class()
        receiver = (
            function.args.args[0].arg if function is not None and holder is not None and function.args.args else ""
        )
        private = any(
            isinstance(node, ast.Attribute) and node.attr.startswith("__") and not node.attr.endswith("__")
            for each in self.region
            for node in ast.walk(each)
        )
        if {"super", "__class__"} & self.own.read:
            return self._no("it calls `super()`, which only works in the method itself")
        is_method = bool(receiver) and receiver in parameters and not _is_static(function)
        if private and not is_method:
            return self._no("it uses private names of its class without the object")
        if is_method:
            if receiver in results:
                return self._no(f"it rebinds {receiver}")
            parameters = [name for name in parameters if name != receiver]
        state = [(each, each) for each in given]
        if self.attributes is not None and function is not None:
            arguments = parameters_of(function.args)
            for holding in [receiver] if is_method else [name for name in parameters if name in arguments]:
                used = {*parameters, *results, *(name for name, _ in state)}
                state += self.attributes.given(self.region, holding, holder if is_method else None, used)
            state = state[: MOST_PARAMETERS - len(parameters)]
            # If nothing else of an object is read, the object itself need not be a parameter.
            parts = {source.partition(".")[0] for _, source in state if "." in source}
            whole = self._read_as_a_whole([source for _, source in state])
            parameters = [name for name in parameters if name in whole or name not in parts]
        met = self.ahead.met
        values = {name: passed_as(value, self.tree, name in met) for name, value in self.ahead.values.items()}
        values |= {name: passed_as(ast.Name(name), self.tree, True) for name in sorted(met - values.keys())}
        if not values.keys() <= {*parameters}:
            return self._no("a value that NumPy computes inside it can't be passed as an argument")
        parameters = [name for name in parameters if name not in values]
        state += values.items()
        taken = self.taken | (
            identifiers_of(ast.walk(self.tree)) if self.attributes is None else self.attributes.identifiers
        )
        taken |= self.methods if is_method else frozenset()
        owner = holder if is_method else None
        if self.loop is None:
            name = find_name(taken, self.region, function, owner, results, self.trains)
        else:
            name = find_loop_name(taken, self.loop, owner)
        outer = next((each for each in self.block.around if isinstance(each, LOOPS)), None)
        place = outer if function is None else (function if is_method else self._top(function))
        if place is None:
            return self._no("it is not inside a loop")
        at = min([place.lineno, *(each.lineno for each in getattr(place, "decorator_list", ()))])
        return Region(
            file=self.file,
            first=self.region[0].lineno,
            last=max(self.lines[1], self.region[-1].end_lineno or 0),
            name=name,
            parameters=tuple(parameters),
            results=tuple(results),
            moved=tuple((each.lineno, each.end_lineno or each.lineno) for each in self.moved),
            place=at,
            owner=holder.name if holder is not None and is_method else "",
            receiver=receiver if is_method else "",
            whole_loop=self.loop is not None,
            given=tuple(state),
            ahead=tuple((each.lineno, each.end_lineno or each.lineno) for each in self.ahead.statements),
        )

    def _read_as_a_whole(self, given: Sequence[str]) -> set[str]:
        """The names that the region reads, apart from reading the ``given`` attributes of them."""
        nodes = [node for each in self.region for node in ast.walk(each)]
        apart = {id(node.value) for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node) in given}
        return {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in apart}

    def _class(self) -> ast.ClassDef | None:
        """The class at the top of the module whose method the scope is."""
        classes = (node for node in self.tree.body if isinstance(node, ast.ClassDef))
        return next((node for node in classes if any(each is self.scope for each in node.body)), None)

    def _top(self, function: ast.FunctionDef) -> ast.stmt | None:
        """The top-level statement of the module that contains a function."""
        inside = (each for each in self.tree.body if each.lineno <= function.lineno <= (each.end_lineno or 0))
        return next(inside, None)

    def _seen_elsewhere(self) -> Unliftable | None:
        """Why the region shares names with code elsewhere, or None."""
        captured = names_of(self.scope.body)
        if self.own.rebound:
            return self._no(f"it rebinds {min(self.own.rebound)}, a global or nonlocal name")
        seen = self.own.bound & self._captured_around()
        if seen:
            name = min(seen)
            return self._no(f"it binds {name}, which another function reads", self._reading(name))
        if isinstance(self.scope, ast.FunctionDef):
            declared = captured.rebound & (self.own.bound | self.own.read)
            if declared & self.own.bound:
                return self._no(f"it rebinds {min(declared & self.own.bound)}, a global or nonlocal name")
        elif captured.rebound & self.own.read:
            name = min(captured.rebound & self.own.read)
            return self._no(f"it reads {name}, which another function rebinds")
        kept = {each.name for each in self.region if isinstance(each, (ast.FunctionDef, ast.ClassDef))} & self.live
        if kept:
            return self._no(f"it defines the function {min(kept)}, which is used later")
        return None

    def _captured_around(self) -> set[str]:
        """The names that nested functions of the scope read, if they are defined outside of the region."""
        found, nodes = set[str](), list[ast.AST](self.scope.body)
        while nodes:
            node = nodes.pop()
            if any(node is each for each in self.region):
                continue
            if isinstance(node, SCOPES):
                found |= names_of([node]).captured
            else:
                nodes += ast.iter_child_nodes(node)
        return found

    def _reading(self, name: str) -> int:
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.Lambda)) and name in names_of([node]).captured:
                return node.lineno
        return self.lines[0]

    def _may_fail(self, sure: frozenset[str]) -> Unliftable | None:
        """Why a moved statement may fail or be skipped because a name is unbound, or None.

        It would then fail later than before the move.
        """
        known = (sure - self.own.deleted) | certain_after(self.region) | set(dir(builtins))
        if isinstance(self.scope, ast.FunctionDef):
            known |= names_of(self.moved).read - locals_of(self.scope)
        for statement in self.moved:
            unsure = names_of([statement]).read - known
            if unsure:
                said = f"Python code inside it reads {min(unsure)}, which may be unbound there"
                return Unliftable(*self.lines, said, statement.lineno)
            known |= certain_after([statement])
        ahead = self.ahead.statements or self.ahead.values
        if (self.moved or ahead) and not _imports_all(self.tree):
            # If the region fails because a name is unbound, the moved statements would no longer run.
            bound = sure | set(dir(builtins))
            if isinstance(self.scope, ast.FunctionDef):
                module = names_of(self.tree.body)
                bound |= module.bound | module.rebound
            missing = read_before_bound(self.region) - bound
            if missing:
                return self._no(f"{min(missing)} may be unbound where it begins")
            deleted = read_after_deletion(self.region)
            if deleted:
                return self._no(f"it reads {min(deleted)} after it has deleted it")
        return None

    def _parameters(self, needed: frozenset[str]) -> list[str]:
        """The parameters of the function: needed local names; in a module, needed names that an iteration changes."""
        loops = [each for each in self.block.around if isinstance(each, LOOPS)]
        changing = names_of(loops[:1]).bound if loops else set[str]()
        if isinstance(self.scope, ast.FunctionDef):
            local = locals_of(self.scope) | self._enclosing
            wanted = needed & local
        else:
            changing |= self.own.bound
            wanted = needed & changing
        still = self._ordered(wanted - changing, self.scope)
        # Names that an iteration binds are in the order of these bindings: `x, y` for a loop over `x, y`.
        return [*still, *self._ordered(wanted & changing, loops[0] if loops else None)]

    def _own_globals(self) -> set[str]:
        """The globals that the function changes from step to step, and that no other function rebinds.

        A global that is bound once before a loop (`global model`) is the same in all of the loop's steps.
        """
        if not isinstance(self.scope, ast.FunctionDef) or self.loop is not None:
            return set()
        nodes = list(walk_scope(self.scope.body))
        own = [each for each in nodes if isinstance(each, ast.Global)]
        found = {name for each in own for name in each.names}
        if not found:
            return found
        declared = (each for each in ast.walk(self.tree) if isinstance(each, ast.Global))
        others = {name for each in declared if not any(each is one for one in own) for name in each.names}
        loop = next((each for each in self.block.around if isinstance(each, LOOPS)), None)
        changing = names_of(self.scope.body if loop is None else [loop]).bound
        for each in nodes:
            if isinstance(each, ast.AugAssign):
                changing |= names_of([each.target]).bound
            elif isinstance(each, ast.Assign):
                changing |= names_of(each.targets).bound & names_of([each.value]).read
        code = (ast.Import, ast.ImportFrom, *SCOPES)
        fixed = {name for each in nodes if isinstance(each, code) for name in names_of([each]).bound}
        return (found & changing) - fixed - others - self.own.bound - self.own.captured

    @cached_property
    def _enclosing(self) -> set[str]:
        """The local names of the functions around the scope."""
        found = set[str]()
        line = self.scope.lineno if isinstance(self.scope, ast.FunctionDef) else 0
        waiting: list[ast.AST] = [self.tree] if line else []
        while waiting:
            node = waiting.pop()
            if node is self.scope or not getattr(node, "lineno", line) <= line <= getattr(node, "end_lineno", line):
                continue
            if isinstance(node, ast.FunctionDef):
                found |= locals_of(node)
            waiting += ast.iter_child_nodes(node)
        return found

    def _certain_before(self, statement: ast.stmt) -> frozenset[str]:
        """The names that are certainly bound where a statement begins."""
        certainty = Certainty()
        if isinstance(self.scope, ast.FunctionDef):
            own = self._own_globals()
            around = self._enclosing | (own & names_of(self.tree.body).bound if own else own)
            certainty.block(self.scope.body, frozenset(parameters_of(self.scope.args)) | around)
        else:
            certainty.block(self.scope.body, frozenset())
        return certainty.before.get(id(statement), frozenset())

    def _fails_earlier(self) -> Unliftable | None:
        """Code that is moved before the region must not fail because a name is unbound: it would fail earlier."""
        parts = [(read_before_bound([each]), each) for each in self.ahead.statements]
        parts += [(frozenset(names_of([each]).read), self.region[0]) for each in self.ahead.values.values()]
        for read, statement in parts:
            known = self._certain_before(statement) | set(dir(builtins))
            if isinstance(self.scope, ast.FunctionDef):
                known |= read - locals_of(self.scope)
            unsure = read - known
            if unsure:
                said = f"Python code inside it reads {min(unsure)}, which may be unbound there"
                return self._no(said, statement.lineno)
        return None

    def _ordered(self, names: frozenset[str] | set[str], scope: ast.AST | None = None) -> list[str]:
        """Names in the order in which the region uses them, or in which ``scope``, if given, binds them."""
        order: dict[str, tuple[int, int, int]] = {}
        if isinstance(scope, ast.FunctionDef):
            for number, name in enumerate(parameters_of(scope.args)):
                order.setdefault(name, (0, number, 0))
        for statement in [scope] if scope is not None else self.region:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and (scope is None or isinstance(node.ctx, ast.Store)):
                    place = (1, node.lineno, node.col_offset)
                    order[node.id] = min(order.get(node.id, place), place)
        return sorted(names, key=lambda name: (order.get(name, (2, 0, 0)), name))

    def _holder(self, name: str) -> str:
        """The kind of a name's value if a graph can't return it (a tape, a function, a module); otherwise empty."""
        for node in (each for statement in self.region for each in ast.walk(statement)):
            if isinstance(node, (ast.With, ast.AsyncWith)):
                for item in node.items:
                    if item.optional_vars is not None and name in names_of([item.optional_vars]).bound:
                        return "the target of a `with`"
            if isinstance(node, ast.Assign) and name in names_of(node.targets).bound:
                if isinstance(node.value, ast.Lambda):
                    return "a function"
                if isinstance(node.value, ast.Call) and ast.unparse(node.value.func).endswith("GradientTape"):
                    return "a tape"
            if isinstance(node, (ast.Import, ast.ImportFrom)) and name in names_of([node]).bound:
                return "a module"
        return ""

    def _tape(self, parameters: Sequence[str]) -> Unliftable | None:
        """Why the region can't take gradients of a tape from outside: a graph has other tensors than it recorded."""
        for node in (each for statement in self.region for each in ast.walk(statement)):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="gradient" | "jacobian")):
                    if name in parameters:
                        said = f"it takes gradients of {name}, a tape that is opened outside of it"
                        return self._no(said, node.lineno)
        return None

    def _counter(self, parameters: Sequence[str]) -> tuple[str, int] | None:
        """A parameter that counts the iterations of the innermost loop, and the line of its first use; or None."""
        for name in sorted(counters_of(self.scope, self.block.around).intersection(parameters)):
            if is_only_converted(name, self.region):
                continue  # With a signature, it is passed as a tensor.
            uses = (node for each in self.region for node in ast.walk(each) if isinstance(node, ast.Name))
            return name, min(node.lineno for node in uses if node.id == name)
        return None


def _own_deletes(region: Sequence[ast.stmt]) -> frozenset[str]:
    """The names that a region binds itself before it deletes them."""
    return frozenset(names_of(region).bound - read_before_bound(region))


def _imports_all(tree: ast.Module) -> bool:
    """Whether a module has an ``import *``, so that its source does not show all names."""
    return any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in tree.body)


def _is_static(function: ast.FunctionDef | None) -> bool:
    """Whether a method has no receiver, because it is a ``staticmethod`` or ``classmethod``."""
    names = {ast.unparse(each) for each in function.decorator_list} if function is not None else set()
    return bool(names & {"staticmethod", "classmethod"})
