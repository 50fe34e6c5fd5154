"""Lowering of statements: a module's tree becomes code, events and the value graph."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable

from ..ir.code import FunctionCode, ModuleCode, Return
from ..ir.program import Program
from ..ir.solver import LINES, Node
from ..ir.values import NONE
from ..reading.imports import Target
from ..reading.scopes import is_deep, read_scope
from ..reading.sources import Source, explain_failure
from .blocks import Block
from .control import ControlLowering
from .definitions import PendingBody

#: Methods of optimizers that end a training step.
UPDATES = frozenset({"apply_gradients", "minimize", "apply"})
#: Methods with which a hand-written update rule changes variables.
ASSIGNMENTS = frozenset({"assign", "assign_add", "assign_sub"})


def lower_module(program: Program, source: Source, index: int) -> ModuleCode:
    """Add one parsed file to the program."""
    module = ModuleCode(index, source.module, source.file, source.is_package, source.lines)
    program.modules[source.module] = module
    deep = is_deep(source.text)
    scope = read_scope(source.tree.body, "module", deep)
    module.bound = frozenset(scope.bound)
    for name, level in scope.stars:
        module.stars.append(program.resolver.resolve(source.module, name, level))
    place = index * LINES + 1
    body = FunctionCode(
        module, "<module>", "<module>", "module", 1, source.lines, Node(place), Node(place), reported=False
    )
    module.body = body
    program.functions.append(body)
    block = Block(program, module, body, scope, None, deep, "__slots__" in source.text)
    lowering = Lowering(program, block, module, {}, [])
    for statement in source.tree.body:
        try:
            lowering.statements([statement])
        except Exception as error:
            program.left_out.append((source.file, f"line {statement.lineno} {explain_failure(error)}"))
            lowering.recover()
        if block.dead and not isinstance(statement, ast.With):
            break
        block.dead = False
    work = lowering.pending
    while work:
        following: list[PendingBody] = []
        for waiting in work:
            waiting.lowering.lower_body(waiting, following)
        # A pending body refers to its lowering, and that to this list: break the cycle, which would keep the tree.
        work.clear()
        work = following
    return module


class Lowering(ControlLowering):
    """Turns the statements of one block into code."""

    # -- statements ---------------------------------------------------------------------------

    def statements(self, body: list[ast.stmt]) -> None:
        """Lower a list of statements, up to the first after which no other can run."""
        block = self.block
        for statement in body:
            method = _STATEMENTS.get(type(statement))
            if method is not None:
                method(self, statement)
            if block.dead:
                if not isinstance(statement, ast.With | ast.AsyncWith) or statement is body[-1]:
                    return
                # Code follows it, so its author knows that the context manager suppresses exceptions.
                block.dead = False

    def expression_statement(self, node: ast.Expr) -> None:
        """An expression as a statement."""
        value = node.value
        if type(value) is ast.Constant:
            return
        self.expression(value)
        if type(value) is ast.Call:
            attribute = value.func.attr if type(value.func) is ast.Attribute else ""
            if attribute in UPDATES:
                self.mark("update", node)
            elif attribute in ASSIGNMENTS:
                self.mark("assignment", node)
            elif self.block.loops > 0:
                self.mark("called", node)

    def leave(self, node: ast.Return) -> None:
        """``return value``."""
        value = self.program.constants[NONE] if node.value is None else self.expression(node.value)
        event = Return(self.code, self.base + node.lineno, self.block.guard, value)
        event.in_loop = self.block.loops > 0
        self.events.append(event)
        returns = self.code.returns
        if isinstance(returns.origin, list) and value not in returns.origin:
            returns.origin.append(value)
        self.graph.connect(value, returns)
        guard = self.block.guard
        while guard is not None and not guard.leaves:
            guard.leaves = True
            guard = guard.guard
        self.block.dead = True

    def throw(self, node: ast.Raise) -> None:
        """``raise error``."""
        for part in (node.exc, node.cause):
            if part is not None:
                self.expression(part)
        self.mark("raise", node)
        self.block.dead = True

    def insist(self, node: ast.Assert) -> None:
        """``assert test``."""
        self.branch("assert", node.test)
        if node.msg is not None:
            self.expression(node.msg)

    # -- imports ------------------------------------------------------------------------------

    def import_modules(self, node: ast.Import) -> None:
        """``import a.b as c``."""
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            dotted = alias.name if alias.asname else name
            target = self.program.resolver.resolve(self.module.name, dotted)
            full = self.program.resolver.resolve(self.module.name, alias.name)
            self._note_import(full)
            self.block.bind(name, self.load_path(target, node.lineno), node.lineno)

    def import_names(self, node: ast.ImportFrom) -> None:
        """``from a import b as c``."""
        for alias in node.names:
            if alias.name == "*":
                self._note_import(
                    self.program.resolver.resolve(self.module.name, node.module or "", node.level)
                )
                continue
            dotted = f"{node.module}.{alias.name}" if node.module else alias.name
            target = self.program.resolver.resolve(self.module.name, dotted, node.level)
            self._note_import(target)
            self.block.bind(alias.asname or alias.name, self.load_path(target, node.lineno), node.lineno)
        if self.code.kind not in ("module", "class"):
            self.mark("import", node)

    def _note_import(self, target: Target) -> None:
        if target.module is not None:
            self.module.imports.add(target.module)
        else:
            self.module.libraries.add(target.path)


_STATEMENTS: dict[type, Callable[..., None]] = {
    ast.Expr: Lowering.expression_statement,
    ast.Assign: Lowering.assign,
    ast.AnnAssign: Lowering.assign_annotated,
    ast.AugAssign: Lowering.assign_augmented,
    ast.Delete: Lowering.delete,
    ast.Return: Lowering.leave,
    ast.Raise: Lowering.throw,
    ast.Assert: Lowering.insist,
    ast.If: Lowering.choose,
    ast.For: Lowering.loop_for,
    ast.AsyncFor: Lowering.loop_for,
    ast.While: Lowering.loop_while,
    ast.Break: Lowering.jump,
    ast.Continue: Lowering.jump,
    ast.Try: Lowering.attempt,
    ast.TryStar: Lowering.attempt,
    ast.With: Lowering.enter,
    ast.AsyncWith: Lowering.enter,
    ast.Match: Lowering.match,
    ast.Import: Lowering.import_modules,
    ast.ImportFrom: Lowering.import_names,
    ast.FunctionDef: Lowering.define,
    ast.AsyncFunctionDef: Lowering.define,
    ast.ClassDef: Lowering.define_class,
}
if sys.version_info >= (3, 12):
    _STATEMENTS[ast.TypeAlias] = Lowering.name_type
