"""Lowering of definitions: functions, lambdas, classes, their decorators and parameters."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..ir.code import Call, ClassCode, Decorator, FunctionCode, ModuleCode, ParameterCode
from ..ir.program import Program
from ..ir.solver import Node
from ..ir.values import NONE
from ..reading.paths import canonical_path
from ..reading.scopes import Scope, read_scope
from ..reading.sources import explain_failure
from .annotations import annotate
from .blocks import Block
from .expressions import ExpressionLowering

#: Decorators that only set the kind of the function, with that kind.
_KINDS = {
    "builtins.staticmethod": "staticmethod",
    "builtins.classmethod": "classmethod",
    "builtins.property": "property",
    "functools.cached_property": "property",
    "abc.abstractproperty": "property",
}


@dataclass(eq=False, slots=True)
class PendingBody:
    """A function's body, which waits until the scope around it is lowered completely."""

    lowering: DefinitionLowering
    code: FunctionCode
    body: list[ast.stmt]


class DefinitionLowering(ExpressionLowering):
    """Turns the definitions of one block into code. Bodies of functions wait in ``pending``."""

    def __init__(
        self,
        program: Program,
        block: Block,
        module: ModuleCode,
        names: dict[str, int],
        pending: list[PendingBody],
        owner_class: ClassCode | None = None,
    ) -> None:
        super().__init__(program, block)
        self.module = module
        self.names = names
        self.pending = pending
        self.owner_class = owner_class

    def statements(self, body: list[ast.stmt]) -> None:
        """Lower a list of statements."""
        raise NotImplementedError

    def _qualify(self, name: str) -> str:
        code = self.code
        if code.kind == "module":
            full = name
        elif code.kind == "class":
            full = f"{code.qualname}.{name}"
        else:
            full = f"{code.qualname}.<locals>.{name}"
        count = self.names[full] = self.names.get(full, 0) + 1
        return full if count == 1 else f"{full}#{count}"

    def define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """``def name(…): …``."""
        place = self.base + node.lineno
        if self.block.is_class:
            kind = "method"
        else:
            kind = "function" if self.code.kind == "module" else "nested"
        code = FunctionCode(
            self.module,
            node.name,
            self._qualify(node.name),
            kind,
            node.lineno,
            node.end_lineno or node.lineno,
            Node(place),
            Node(place, []),
            self.code,
            self.owner_class if self.block.is_class else None,
        )
        code.node.origin = code
        code.is_async = isinstance(node, ast.AsyncFunctionDef)
        code.in_loop = self.block.loops > 0
        if node.name in ("__new__", "__init_subclass__", "__class_getitem__") and kind == "method":
            code.kind = "classmethod"
        self.graph.add(code.node, code.value)
        self._register(code)
        value = code.node
        for decorator in reversed(node.decorator_list):
            value = self.decorate(code, decorator, value)
        self.parameters(code, node.args)
        self.defer(code, node.body)
        self.block.bind(node.name, value, node.lineno)

    def _register(self, code: FunctionCode) -> None:
        self.module.functions.append(code)
        self.program.functions.append(code)

    def _path_of(self, decorator: ast.expr) -> str | None:
        """The library path that a decorator names, with or without arguments."""
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        target = self.target_of(function)
        if target is None or target.module is not None:
            return None
        return self.program.external(target.path).values[0].path  # type: ignore[attr-defined,no-any-return]

    def decorate(self, code: FunctionCode, node: ast.expr, value: Node) -> Node:
        """The node of the decorator's result for ``value``."""
        path = self._path_of(node)
        record = Decorator(f"@{ast.unparse(node)}", node.lineno, path, None)
        code.decorators.append(record)
        if path in _KINDS:
            code.kind = _KINDS[path] if code.kind == "method" else code.kind
            return value
        if isinstance(node, ast.Attribute) and node.attr in ("setter", "getter", "deleter"):
            code.kind = "property" if code.kind == "method" else code.kind
            code.accessor = node.attr
            return value
        call = Call(self.code, self.base + node.lineno, self.block.guard)
        call.decorates = code
        call.text = record.text
        if path is not None and not isinstance(node, ast.Call):
            call.path = path
        else:
            record.node = call.function = self.expression(node)
        call.arguments.append(value)
        call.result = Node(self.base + node.lineno, call)
        record.call = call
        self.add_call(call)
        return call.result

    def parameters(self, code: FunctionCode, node: ast.arguments) -> None:
        """Add a function's parameters; defaults are evaluated in the scope around it."""
        place = self.base + code.line
        found = code.parameters
        positional = [*node.posonlyargs, *node.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(node.defaults))
        defaults += node.defaults
        groups: list[tuple[ast.arg, str, ast.expr | None]] = []
        groups += [(a, "positional", d) for a, d in zip(positional, defaults, strict=True)]
        if node.vararg is not None:
            groups.append((node.vararg, "star", None))
        groups += [(a, "keyword", d) for a, d in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
        if node.kwarg is not None:
            groups.append((node.kwarg, "double star", None))
        for argument, kind, default in groups:
            parameter = ParameterCode(argument.arg, Node(place, None, argument.arg), kind, owner=code)
            parameter.node.origin = parameter
            if default is not None:
                parameter.default = self.expression(default)
                parameter.default_text = ast.unparse(default) if isinstance(default, ast.Constant) else None
            if argument.annotation is not None:
                hint = annotate(self, argument.annotation)
                if hint is not None:
                    parameter.hint = hint
                    if kind in ("positional", "keyword"):
                        self.graph.connect(hint, parameter.node)
            if kind in ("star", "double star"):
                box = self.program.box("tuple" if kind == "star" else "dict", place)
                self.graph.add(parameter.node, box)
            found.append(parameter)

    def defer(self, code: FunctionCode, body: list[ast.stmt]) -> None:
        """Keep a function's body until the scope around it is complete."""
        self.pending.append(PendingBody(self, code, body))

    def lower_body(self, waiting: PendingBody, pending: list[PendingBody]) -> None:
        """Lower a pending body; the bodies inside it are added to ``pending``."""
        code = waiting.code
        try:
            scope = read_scope(waiting.body, "function", self.block.deep)
        except Exception as error:
            code.left_out = explain_failure(error)
            return
        inner = self.within(code, scope, pending, code.owner_class)
        for parameter in code.parameters:
            scope.bound.add(parameter.name)
            scope.others.add(parameter.name)
            scope.counts[parameter.name] = scope.counts.get(parameter.name, 0) + 1
            inner.block.bind(parameter.name, parameter.node, code.line)
        try:
            inner.statements(waiting.body)
        except Exception as error:
            code.left_out = explain_failure(error)
        if not inner.block.dead:
            nothing = self.program.constants[NONE]
            self.graph.connect(nothing, code.returns)
            if isinstance(code.returns.origin, list):
                code.returns.origin.append(nothing)

    def within(
        self, code: FunctionCode, scope: Scope, pending: list[PendingBody], owner_class: ClassCode | None
    ) -> DefinitionLowering:
        """The lowering of a scope inside this one."""
        block = Block(self.program, self.module, code, scope, self.block, self.block.deep, self.block.slotted)
        return type(self)(self.program, block, self.module, self.names, pending, owner_class)

    def lambda_function(self, node: ast.Lambda, name: str | None) -> Node:
        """``lambda …``; it is reported as a function if it is assigned to a name."""
        place = self.base + node.lineno
        named = name is not None
        qualname = self._qualify(name) if name is not None else f"{self.code.qualname}.<lambda>@{node.lineno}"
        code = FunctionCode(
            self.module,
            name or "<lambda>",
            qualname,
            "lambda",
            node.lineno,
            node.end_lineno or node.lineno,
            Node(place),
            Node(place, []),
            self.code,
            None,
            reported=named,
        )
        code.node.origin = code
        code.in_loop = self.block.loops > 0
        self.graph.add(code.node, code.value)
        self._register(code)
        self.parameters(code, node.args)
        result = ast.Return(value=node.body, lineno=node.body.lineno, col_offset=0)
        result.end_lineno = node.end_lineno
        self.defer(code, [result])
        return code.node

    def function_expression(self, node: ast.Lambda) -> Node:
        """A lambda in an expression."""
        return self.lambda_function(node, None)

    def define_class(self, node: ast.ClassDef) -> None:
        """``class Name(…): …``."""
        place = self.base + node.lineno
        qualname = self._qualify(node.name)
        code = ClassCode(self.module, node.name, qualname, node.lineno, Node(place))
        self.graph.add(code.node, code.value)
        self.module.classes.append(code)
        self.program.classes.append(code)
        for base in node.bases:
            target = self.target_of(base)
            if target is not None and target.module is None:
                code.bases.append(canonical_path(target.path))
            elif isinstance(base, ast.Subscript):
                code.bases.append(self.expression(base.value))
            else:
                code.bases.append(self.expression(base))
        for keyword in node.keywords:
            self.expression(keyword.value)
        decorators = [self.class_decorator(code, decorator) for decorator in node.decorator_list]
        code.slots = _slots(node) if self.block.slotted else None
        body = FunctionCode(
            self.module,
            node.name,
            qualname,
            "class",
            node.lineno,
            node.end_lineno or node.lineno,
            Node(place),
            Node(place),
            self.code,
            code,
            reported=False,
        )
        self.program.functions.append(body)
        inner = self.within(body, read_scope(node.body, "class", self.block.deep), self.pending, code)
        inner.statements(node.body)
        block = inner.block
        for name, nodes in block.history.items():
            code.attributes[name] = nodes[0] if len(nodes) == 1 else block.join(nodes, node.lineno)
        made = code.node
        for function in reversed([each for each in decorators if each is not None]):
            call = Call(self.code, self.base + node.lineno, self.block.guard)
            call.function = function
            call.arguments.append(made)
            call.result = Node(call.place, call)
            self.add_call(call)
            # Many decorators return the class, and many can't be analysed, so the class itself always counts.
            made = self.block.join([code.node, call.result], node.lineno)
        self.block.bind(node.name, made, node.lineno)

    def class_decorator(self, code: ClassCode, node: ast.expr) -> Node | None:
        """Record a class decorator. Returns its value, or None for one of a library, which returns the class."""
        value = self.expression(node)
        path = self._path_of(node)
        code.decorators.append(Decorator(f"@{ast.unparse(node)}", node.lineno, path, None))
        return value if path is None else None


def _slots(node: ast.ClassDef) -> frozenset[str] | None:
    bound = [each for each in ast.walk(node) if isinstance(each, ast.Name) and each.id == "__slots__"]
    for statement in node.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if len(bound) == 1 and any(target is bound[0] for target in targets):
                try:
                    named = ast.literal_eval(statement.value)
                    return frozenset([named] if isinstance(named, str) else named)
                except (TypeError, ValueError):
                    break
    return frozenset({"__weakref__"}) if bound else None
