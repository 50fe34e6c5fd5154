"""Lowering of statements: a module's tree becomes code, events and the value graph."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ..ir.code import Branch, ClassCode, FunctionCode, Mark, ModuleCode, Return
from ..ir.program import Program
from ..ir.solver import LINES, Node
from ..ir.values import NONE, UNKNOWN
from ..reading.imports import Target
from ..reading.scopes import read_scope
from ..reading.sources import Source, explain_failure
from .blocks import Block
from .definitions import PendingBody
from .stores import StoreLowering

#: Methods of optimizers that end a training step.
UPDATES = frozenset({"apply_gradients", "minimize", "apply"})
#: Methods with which an update rule of one's own changes variables.
ASSIGNMENTS = frozenset({"assign", "assign_add", "assign_sub"})


def lower_module(program: Program, source: Source, index: int) -> ModuleCode:
    """Enter one parsed file into the program."""
    module = ModuleCode(index, source.module, source.file, source.is_package, source.lines)
    program.modules[source.module] = module
    scope = read_scope(source.tree.body)
    module.bound = frozenset(scope.bound)
    for name, level in scope.stars:
        module.stars.append(program.resolver.resolve(source.module, name, level))
    place = index * LINES + 1
    body = FunctionCode(
        module, "<module>", "<module>", "module", 1, source.lines, Node(place), Node(place), reported=False
    )
    module.body = body
    program.functions.append(body)
    block = Block(program, module, body, scope, None)
    lowering = Lowering(program, block, module, {}, [])
    for statement in source.tree.body:
        try:
            lowering.statements([statement])
        except Exception as error:
            program.left_out.append((source.file, f"line {statement.lineno} {explain_failure(error)}"))
        if block.dead:
            break
    work = lowering.pending
    while work:
        following: list[PendingBody] = []
        for waiting in work:
            waiting.lowering.lower_body(waiting, following)
        # What waits holds the file's tree, and what lowers it holds what waits: without this, a circle.
        work.clear()
        work = following
    return module


class Lowering(StoreLowering):
    """Turns the statements of one block into code."""

    def __init__(
        self,
        program: Program,
        block: Block,
        module: ModuleCode,
        names: dict[str, int],
        pending: list[PendingBody],
        owner_class: ClassCode | None = None,
    ) -> None:
        super().__init__(program, block, module, names, pending, owner_class)
        self.loop_stack: list[dict[str, Node]] = []

    # -- statements ---------------------------------------------------------------------------

    def statements(self, body: list[ast.stmt]) -> None:
        """Lower a list of statements, up to the first that never lets the next one run."""
        block = self.block
        for statement in body:
            method = _STATEMENTS.get(type(statement))
            if method is not None:
                method(self, statement)
            if block.dead:
                return

    def expression_statement(self, node: ast.Expr) -> None:
        """An expression for its effect."""
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

    def mark(self, kind: str, node: ast.stmt, value: Node | None = None, text: str = "") -> Mark:
        """Enter a statement that matters by being there."""
        event = Mark(self.code, self.base + node.lineno, self.block.guard, kind, value, text)
        event.end = node.end_lineno or node.lineno
        self.events.append(event)
        return event

    def insist(self, node: ast.Assert) -> None:
        """``assert test``."""
        self.branch("assert", node.test)
        if node.msg is not None:
            self.expression(node.msg)

    # -- control flow -------------------------------------------------------------------------

    def choose(self, node: ast.If) -> None:
        """``if test: … else: …``."""
        block = self.block
        certain = self._known_truth(node.test)
        if certain is not None:
            self.statements(node.body if certain else node.orelse)
            return
        branch = self.branch("if", node.test)
        branch.otherwise = node.orelse[0].lineno if node.orelse else 0
        self.alternatives(branch, [node.body, node.orelse], node.lineno)
        assert block is self.block

    def _known_truth(self, test: ast.expr) -> bool | None:
        if isinstance(test, ast.Constant):
            return bool(test.value)
        if isinstance(test, ast.Name) and test.id == "TYPE_CHECKING":
            return False
        if self.block.is_module and isinstance(test, ast.Call):
            target = self.target_of(test.func)
            if target is not None and target.path.endswith("executing_eagerly"):
                return True
        return None

    def alternatives(self, branch: Branch, bodies: list[list[ast.stmt]], line: int) -> None:
        """Lower the sides of a branch and join what they bind."""
        block = self.block
        outer = block.guard
        block.guard = branch
        ends: list[dict[str, Node] | None] = []
        for body in bodies:
            block.open_frame()
            block.dead = False
            self.statements(body)
            changes = block.close_frame()
            ends.append(None if block.dead else changes)
        block.guard = outer
        block.dead = all(end is None for end in ends)
        block.merge(ends, line)

    def loop_for(self, node: ast.For | ast.AsyncFor) -> None:
        """``for target in iterable: …``."""
        block = self.block
        context = "async for" if isinstance(node, ast.AsyncFor) else "for"
        element = self.iterate(self.expression(node.iter), context, node.lineno)
        self.events[-1].end = node.end_lineno or node.lineno  # type: ignore[attr-defined]
        joined = block.open_loop(node.lineno, node.end_lineno or node.lineno)
        self.loop_stack.append(joined)
        self.store(node.target, element)
        self.statements(node.body)
        self.loop_stack.pop()
        block.dead = False
        block.close_loop(joined, done=True)
        self.statements(node.orelse)

    def loop_while(self, node: ast.While) -> None:
        """``while test: …``."""
        block = self.block
        joined = block.open_loop(node.lineno, node.end_lineno or node.lineno)
        branch = self.branch("while", node.test)
        mark = self.mark("loop", node, branch.test)
        mark.end = node.end_lineno or node.lineno
        self.loop_stack.append(joined)
        outer = block.guard
        if not isinstance(node.test, ast.Constant):
            block.guard = branch
        self.statements(node.body)
        block.guard = outer
        self.loop_stack.pop()
        block.dead = False
        block.close_loop(joined, done=True)
        self.statements(node.orelse)

    def jump(self, node: ast.Break | ast.Continue) -> None:
        """``break`` or ``continue``."""
        if self.loop_stack:
            self.block.close_loop(self.loop_stack[-1], done=False)
        self.block.dead = True

    def attempt(self, node: ast.Try) -> None:
        """``try: … except: …``: the handlers may begin anywhere in the body."""
        block = self.block
        self.mark("try", node, text="except" if node.handlers else "finally")
        block.open_frame()
        self.statements(node.body)
        if not block.dead:
            self.statements(node.orelse)
        body_dead, block.dead = block.dead, False
        changes = block.close_frame()
        ends: list[dict[str, Node] | None] = [None if body_dead else changes]
        for handler in node.handlers:
            block.open_frame()
            block.dead = False
            block.merge([changes, {}], node.lineno)
            outer = block.guard
            place = self.base + handler.lineno
            block.guard = Branch(self.code, place, outer, "except", Node(place))
            block.guard.asks = True
            if handler.type is not None:
                self.expression(handler.type)
            if handler.name:
                block.bind(handler.name, self.program.constants[UNKNOWN], handler.lineno)
            self.statements(handler.body)
            block.guard = outer
            end = block.close_frame()
            ends.append(None if block.dead else end)
        block.dead = all(end is None for end in ends)
        if block.dead and node.finalbody:
            block.dead = False
            self.statements(node.finalbody)
            block.dead = True
            return
        block.merge(ends, node.lineno)
        self.statements(node.finalbody)

    def enter(self, node: ast.With | ast.AsyncWith) -> None:
        """``with context as name: …``."""
        for item in node.items:
            value = self.expression(item.context_expr)
            self.mark("async with" if isinstance(node, ast.AsyncWith) else "with", node, value)
            entered = self.iterate(value, "with", node.lineno)
            if item.optional_vars is not None:
                self.store(item.optional_vars, entered)
        self.statements(node.body)

    def match(self, node: ast.Match) -> None:
        """``match subject: …``."""
        block = self.block
        subject = self.expression(node.subject)
        branch = Branch(self.code, self.base + node.lineno, block.guard, "match", subject)
        self.events.append(branch)
        outer = block.guard
        block.guard = branch
        ends: list[dict[str, Node] | None] = [{}]
        for case in node.cases:
            block.open_frame()
            block.dead = False
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    whole = part is case.pattern
                    block.bind(name, subject if whole else self.program.constants[UNKNOWN], node.lineno)
            if case.guard is not None:
                self.expression(case.guard)
            self.statements(case.body)
            end = block.close_frame()
            ends.append(None if block.dead else end)
        block.guard = outer
        block.dead = False
        block.merge(ends, node.lineno)

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
        self.module.imports.add(target.module if target.module is not None else f"!{target.path}")


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
