"""How the project uses a function's results: whether it only reads their values, right after the call.

If a function returns a variable, a graph returns a tensor with its value at the end of the call. This makes no
difference if all calls of the function are known and each result is read before anything may write to it again.
The analysis looks at names and statements: a use that isn't plainly a read of the value counts as another use.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..ir.code import FunctionCode

_CONVERSIONS = frozenset({"int", "float", "bool"})
_LIBRARY_READS = {
    "numpy": frozenset({"array", "asarray", "float32", "float64", "int32", "int64", "isfinite", "isnan"}),
    "tensorflow": frozenset({"cast", "convert_to_tensor", "equal", "greater", "identity", "less", "reduce_sum"}),
}
_LIBRARIES = {"np": "numpy", "numpy": "numpy", "tf": "tensorflow", "tensorflow": "tensorflow"}
#: Calls that write to no variable and run no project code if their arguments are plain values.
_HARMLESS = _CONVERSIONS | {"print", "range"}
#: With these, code can reach a function or a variable without writing its name.
_DYNAMIC = frozenset(
    {"attrgetter", "__dict__", "globals", "locals", "vars", "eval", "exec", "getattr", "setattr", "methodcaller"}
)
#: Special methods that no operator, attribute, formatting or comparison runs. A project with others is not analysed.
_PLAIN = frozenset(f"__{name}__" for name in ("init", "call", "post_init", "iter", "next", "enter", "exit", "len"))
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Module)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_PAUSES = (ast.Yield, ast.YieldFrom, ast.Await, ast.Import, ast.ImportFrom, *_SCOPES, *_COMPREHENSIONS)
_SIMPLE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Assert, ast.Return)
_COMPARED = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True)
class Uses:
    """The uses of a function's results.

    ``read`` maps the parts whose value is only read ("" for the whole result, "[1]" for an item) to a call's place.
    ``other`` is the place of the first other use. ``unknown`` says why not all uses are known.
    """

    read: Mapping[str, str] = field(default_factory=dict)
    other: str | None = None
    unknown: str | None = None


class _File:
    """A file's tree, with each node's parent."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name = name
        self.tree = tree
        self.parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def place(self, node: ast.AST) -> str:
        return f"{self.name}:{getattr(node, 'lineno', 1)}"

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def scope(self, node: ast.AST) -> ast.AST:
        return next((parent for parent in self.above(node) if isinstance(parent, _SCOPES)), self.tree)


class Results:
    """The uses of results in a project, whose files are added one by one.

    If a project can reach names without writing them (``getattr``), all uses are unknown. Most larger projects can; the
    trees are dropped then.
    """

    def __init__(self) -> None:
        self.dynamic: str | None = None
        self.decorated: set[str] = set()
        self.mentions: dict[str, list[tuple[_File, ast.AST]]] = {}
        self._trees: dict[str, ast.Module] = {}

    def add(self, name: str, tree: ast.Module) -> None:
        """Add a file of the project."""
        if self.dynamic is None:
            self._trees[name] = tree
            self.dynamic = _find_dynamic(name, tree)
            if self.dynamic is not None:
                self._trees.clear()

    def forget(self, why: str) -> None:
        """Make all uses unknown, because part of the project is; ``why`` says which."""
        self.dynamic = why
        self._trees.clear()

    def _read(self) -> None:
        """Record the places of each name in all added files."""
        for file in (_File(name, tree) for name, tree in self._trees.items()):
            for node in ast.walk(file.tree):
                for name in _names(node):
                    self.mentions.setdefault(name, []).append((file, node))
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.decorator_list:
                    self.decorated.add(node.name)
        self._trees.clear()

    def uses(self, code: FunctionCode) -> Uses:
        """The uses of the results of ``code``."""
        if self.dynamic is not None:
            return Uses(unknown=self.dynamic)
        if self._trees:
            self._read()
        if code.decorators or code.is_generator or code.is_async or code.kind not in ("function", "method"):
            return Uses(unknown="its name may refer to something else")
        owner = code.owner_class
        if owner is not None and (owner.bases or owner.decorators or owner.external_bases):
            return Uses(unknown="another class may call it")
        if code.name.startswith("__"):
            return Uses(unknown="Python calls it implicitly")
        calls: list[tuple[_File, ast.Call]] = []
        for file, node in self.mentions.get(code.name, ()):
            parent = file.parents.get(node)
            if isinstance(node, ast.FunctionDef) or (isinstance(node, ast.alias) and node.asname in (None, node.name)):
                continue
            if not isinstance(parent, ast.Call) or parent.func is not node:
                return Uses(unknown=f"it is passed on as a value at {file.place(node)}")
            calls.append((file, parent))
        if not calls:
            return Uses(unknown="no call of it is known")
        return self._gather(calls)

    def _gather(self, calls: Sequence[tuple[_File, ast.Call]]) -> Uses:
        """Combine the uses of all calls: a part is read if every call only reads it."""
        tables = [table for file, call in calls if (table := self._parts(file, call)) is not None]
        if not tables:
            return Uses(read={"": calls[0][0].place(calls[0][1])})
        shapes = {tuple(table) for table in tables}
        others = [found.other for table in tables for found in table.values() if found.other is not None]
        if len(shapes) > 1:
            return Uses(other=others[0] if others else None, unknown="its calls unpack the result differently")
        read = {
            part: places[0]
            for part in tables[0]
            if (places := [found.place for table in tables for found in [table[part]] if found.other is None])
            and len(places) == len(tables)
        }
        return Uses(read=read, other=others[0] if others else None)

    def _parts(self, file: _File, call: ast.Call) -> Mapping[str, _Found] | None:
        """The uses of one call's result, by its parts; None if the result is not used."""
        parent = file.parents[call]
        if isinstance(parent, ast.Expr):
            return None
        if not isinstance(parent, ast.Assign):
            good = self._is_reading(file, call) and self._is_at_once(file, call, _statement(file, call))
            return {"": _Found(file.place(call), None if good else file.place(call))}
        target, place = parent.targets[0], file.place(call)
        if isinstance(target, ast.Name):
            names: list[ast.expr] = [target]
        elif isinstance(target, (ast.Tuple, ast.List)) and not any(isinstance(e, ast.Starred) for e in target.elts):
            names = list(target.elts)
        else:
            return {"": _Found(place, place)}
        bound = [name.id if isinstance(name, ast.Name) else "" for name in names]
        return {
            "" if name is target else f"[{position}]": _Found(
                place,
                place
                if not text or bound.count(text) > 1 or len(parent.targets) > 1
                else self._other_use(file, parent, text),
            )
            for position, (name, text) in enumerate(zip(names, bound, strict=True))
        }

    def _other_use(self, file: _File, binding: ast.Assign, name: str) -> str | None:
        """The place of a use of ``name`` that is not a read of the value right after ``binding``, or None."""
        scope = file.scope(binding)
        if isinstance(scope, ast.ClassDef):
            return file.place(binding)
        if isinstance(scope, ast.Module):
            # A global: other modules may read it by its name.
            for other, node in self.mentions.get(name, ()):
                if isinstance(node, (ast.alias, ast.Attribute)) and other is not file:
                    return other.place(node)
        window = self._window(file, binding)
        for where, node in self.mentions.get(name, ()):
            if where is not file:
                continue
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                return file.place(node)
            if not isinstance(node, ast.Name):
                continue
            if isinstance(node.ctx, ast.Store) and not isinstance(file.parents[node], ast.AugAssign):
                continue
            around = file.scope(node)
            if around is not scope:
                # The same name in another function is another variable, unless that function is inside this scope.
                if scope in file.above(node):
                    return file.place(node)
                continue
            if node not in window or not self._is_reading(file, node):
                if self._is_bound_anew(file, node, name, binding):
                    continue
                return file.place(node)
        return None

    def _is_bound_anew(self, file: _File, node: ast.AST, name: str, binding: ast.Assign) -> bool:
        """Whether a use reads another binding of the name to a call of the same function, which is checked itself."""
        mine = binding.value
        assert isinstance(mine, ast.Call)
        return any(
            isinstance(other, ast.Name)
            and isinstance(other.ctx, ast.Store)
            and isinstance(statement := _statement(file, other), ast.Assign)
            and statement is not binding
            and isinstance(statement.value, ast.Call)
            and _called(statement.value) == _called(mine)
            and node in self._window(file, statement)
            and self._is_reading(file, node)
            for where, other in self.mentions.get(name, ())
            if where is file
        )

    # -- how ----------------------------------------------------------------------------------

    def _is_reading(self, file: _File, node: ast.AST) -> bool:
        """Whether an expression's value is only read, with the same outcome for a variable and for a tensor.

        Printing or formatting is not a read: the text of a variable differs from that of a tensor.
        """
        parent = file.parents[node]
        if isinstance(parent, ast.BinOp):
            return not isinstance(parent.op, ast.Mod) or parent.left is node
        if isinstance(parent, ast.UnaryOp):
            return True
        if isinstance(parent, ast.Compare):
            return all(isinstance(operator, _COMPARED) for operator in parent.ops)
        if isinstance(parent, ast.AugAssign):
            return parent.value is node and isinstance(parent.target, ast.Name) and not isinstance(parent.op, ast.Mod)
        if isinstance(parent, (ast.If, ast.While, ast.IfExp, ast.Assert)):
            return parent.test is node
        if isinstance(parent, ast.Attribute):
            call = file.parents[parent]
            return parent.attr == "numpy" and isinstance(call, ast.Call) and call.func is parent and not call.args
        if isinstance(parent, ast.Call):
            if node not in parent.args:
                return False
            if isinstance(parent.func, ast.Name):
                return parent.func.id in _CONVERSIONS and not self._is_redefined(parent.func.id)
            return self._is_library_read(parent.func)
        return isinstance(parent, ast.Expr)

    # -- when ---------------------------------------------------------------------------------

    def _window(self, file: _File, binding: ast.stmt) -> set[ast.AST]:
        """The nodes that are evaluated after a statement before anything may write to a variable."""
        block = next(
            body
            for _, body in ast.iter_fields(file.parents[binding])
            if isinstance(body, list) and any(statement is binding for statement in body)
        )
        start = next(number for number, statement in enumerate(block) if statement is binding)
        found: set[ast.AST] = set()
        if self._is_at_once(file, binding.value, binding):  # type: ignore[attr-defined]
            self._follow(file, block[start + 1 :], found)
        return found

    def _follow(self, file: _File, block: Sequence[ast.stmt], found: set[ast.AST]) -> bool:
        """Add the nodes of ``block`` up to the first that may write; return whether the end was reached."""
        for statement in block:
            if isinstance(statement, ast.If):
                if not self._take(file, statement.test, found):
                    return False
                sides = [self._follow(file, side, found) for side in (statement.body, statement.orelse)]
                if not all(sides):
                    return False
            elif isinstance(statement, _SIMPLE):
                if not self._take(file, statement, found):
                    return False
            elif not isinstance(statement, (ast.Pass, ast.Break, ast.Continue)):
                return False
        return True

    def _take(self, file: _File, part: ast.AST, found: set[ast.AST]) -> bool:
        """Add the nodes of ``part`` that are evaluated before any write; return whether nothing in it may write."""
        writers = [node for node in ast.walk(part) if self._may_write(node)]
        if not writers:
            found.update(ast.walk(part))
            return True
        for node in ast.walk(part):
            above = set(file.above(node))
            if all(isinstance(writer, ast.Call) and writer in above for writer in writers):
                found.add(node)
        return False

    def _is_at_once(self, file: _File, call: ast.AST, statement: ast.AST | None) -> bool:
        """Whether nothing in a call's statement may write between the call and the use of its result."""
        if statement is None:
            return False
        apart = {call, *ast.walk(call), *file.above(call)}
        parts = [statement.test] if isinstance(statement, (ast.If, ast.While)) else [statement]
        if not isinstance(statement, (*_SIMPLE, ast.If, ast.While)):
            return False
        return not any(self._may_write(node) and node not in apart for part in parts for node in ast.walk(part))

    def _may_write(self, node: ast.AST) -> bool:
        """Whether evaluating a node, apart from the nodes below it, may run code that writes to a variable."""
        if isinstance(node, ast.Call):
            return not (
                (isinstance(node.func, ast.Name) and node.func.id in _HARMLESS and not self._is_redefined(node.func.id))
                or self._is_library_read(node.func)
                or (isinstance(node.func, ast.Attribute) and node.func.attr == "numpy" and not node.args)
            )
        if isinstance(node, ast.Attribute):
            return node.attr in self.decorated
        return isinstance(node, _PAUSES)

    def _is_redefined(self, name: str) -> bool:
        mentions = self.mentions.get(name, ())
        return any(not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) for _, node in mentions)

    def _is_library_read(self, function: ast.expr) -> bool:
        """Whether a function is a NumPy or TensorFlow function that only reads values, under the usual module name."""
        if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
            return False
        name = function.value.id
        library = _LIBRARIES.get(name, "")
        return function.attr in _LIBRARY_READS.get(library, ()) and all(
            (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
            or (isinstance(node, ast.alias) and node.name == library)
            for _, node in self.mentions.get(name, ())
        )


@dataclass(frozen=True)
class _Found:
    """The place of a call, and of a use of its result that is not a read, if any."""

    place: str
    other: str | None


def _find_dynamic(file: str, tree: ast.Module) -> str | None:
    """A name in a file through which code may reach unwritten names, with its line; None if there is none."""
    for node in ast.walk(tree):
        for name in _names(node):
            special = name.startswith("__") and name.endswith("__") and name not in _PLAIN
            if name in _DYNAMIC or (special and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))):
                return f"`{name}` at {file}:{getattr(node, 'lineno', 1)}"
    return None


def _names(node: ast.AST) -> Collection[str]:
    """The names that a node mentions."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        return (node.attr,)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return (node.name,)
    if isinstance(node, ast.alias):
        return {node.name, node.asname or node.name}
    if isinstance(node, (ast.arg, ast.keyword)):
        return (node.arg,) if node.arg is not None else ()
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return node.names
    return ()


def _called(call: ast.Call) -> str | None:
    function = call.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", None)


def _statement(file: _File, node: ast.AST) -> ast.stmt | None:
    return next((parent for parent in file.above(node) if isinstance(parent, ast.stmt)), None)
