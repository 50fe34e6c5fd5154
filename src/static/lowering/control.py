"""Lowering of control flow: which statements may follow which, and the bindings where branches join."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..ir.code import Branch, ClassCode, Mark, ModuleCode
from ..ir.program import Program
from ..ir.solver import Node
from ..ir.values import UNKNOWN
from .blocks import Block
from .definitions import PendingBody
from .stores import StoreLowering

#: Library context managers that may suppress an exception from their body.
SWALLOWING = frozenset(
    {"contextlib.suppress", "contextlib.ExitStack", "contextlib.AsyncExitStack", "pytest.raises", "pytest.warns"}
)


@dataclass(eq=False, slots=True)
class Loop:
    """A loop around the statements that are being lowered: its joined names, and whether a ``break`` leaves it."""

    joined: dict[str, Node]
    broken: bool = False


class ControlLowering(StoreLowering):
    """Turns the branches, loops and handlers of one block into code."""

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
        self.loops: list[Loop] = []

    def recover(self) -> None:
        """Continue at the top of a module after a statement that could not be lowered completely."""
        self.block.recover()
        self.loops.clear()
        self.shadowed.clear()

    def mark(self, kind: str, node: ast.stmt, value: Node | None = None, text: str = "") -> Mark:
        """Add a statement whose presence matters."""
        event = Mark(self.code, self.base + node.lineno, self.block.guard, kind, value, text)
        event.end = node.end_lineno or node.lineno
        self.events.append(event)
        return event

    def choose(self, node: ast.If) -> None:
        """``if test: … elif other: … else: …``, without recursion along a long chain."""
        block = self.block
        open_branches: list[tuple[Branch | None, dict[str, Node] | None, int]] = []
        while True:
            certain = self._known_truth(node.test)
            if certain is None:
                branch = self.branch("if", node.test)
                branch.sides = tuple(side.lineno for side in node.orelse[:1])
                outer, block.guard = block.guard, branch
                open_branches.append((outer, self.side(node.body), node.lineno))
                block.open_frame()
            elif certain:
                self.statements(node.body)
                break
            if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
                self.statements(node.orelse)
                break
            node = node.orelse[0]
        for outer, first, line in reversed(open_branches):
            changes = block.close_frame()
            second = None if block.dead else changes
            block.guard = outer
            block.dead = first is None and second is None
            block.merge([first, second], line)

    def side(self, body: list[ast.stmt]) -> dict[str, Node] | None:
        """Lower one side of a branch. Returns its bindings, or None if it never reaches the code after the branch."""
        block = self.block
        block.open_frame()
        self.statements(body)
        changes = block.close_frame()
        dead, block.dead = block.dead, False
        return None if dead else changes

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

    def loop_for(self, node: ast.For | ast.AsyncFor) -> None:
        """``for target in iterable: …``."""
        block = self.block
        context = "async for" if isinstance(node, ast.AsyncFor) else "for"
        element = self.iterate(self.expression(node.iter), context, node.lineno)
        self.events[-1].end = node.end_lineno or node.lineno  # type: ignore[attr-defined]
        loop = Loop(block.open_loop(node.lineno, node.end_lineno or node.lineno))
        self.loops.append(loop)
        self.store(node.target, element)
        self.statements(node.body)
        self.leave_loop(node, loop)

    def loop_while(self, node: ast.While) -> None:
        """``while test: …``."""
        block = self.block
        loop = Loop(block.open_loop(node.lineno, node.end_lineno or node.lineno))
        branch = self.branch("while", node.test)
        # The test may bind names too, and it is evaluated last.
        block.close_loop(loop.joined, done=False)
        mark = self.mark("loop", node, branch.test)
        mark.end = node.end_lineno or node.lineno
        self.loops.append(loop)
        outer = block.guard
        if not isinstance(node.test, ast.Constant):
            block.guard = branch
        self.statements(node.body)
        block.guard = outer
        self.leave_loop(node, loop)

    def leave_loop(self, node: ast.For | ast.AsyncFor | ast.While, loop: Loop) -> None:
        """End a loop, and lower its ``else``, which a ``break`` skips."""
        block = self.block
        self.loops.pop()
        block.dead = False
        block.close_loop(loop.joined, done=True)
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
            block.dead = not loop.broken
            return
        otherwise = self.side(node.orelse)
        block.dead = otherwise is None and not loop.broken
        block.merge([otherwise, {} if loop.broken else None], node.lineno)

    def jump(self, node: ast.Break | ast.Continue) -> None:
        """``break`` or ``continue``."""
        if self.loops:
            self.block.close_loop(self.loops[-1].joined, done=False)
            self.loops[-1].broken |= isinstance(node, ast.Break)
        self.block.dead = True

    def attempt(self, node: ast.Try) -> None:
        """``try: … except: … finally: …``: a handler or ``finally`` may start after any point of the code before it."""
        block = self.block
        self.mark("try", node, text="except" if node.handlers else "finally")
        if node.handlers:
            # A handler without a type catches all.
            everything = ast.Name("BaseException")
            self._handle_in(node.body, [handler.type or everything for handler in node.handlers])
        block.open_record()
        block.open_record()
        block.open_frame()
        self.statements(node.body)
        during = block.close_record()
        if not block.dead:
            self.statements(node.orelse)
        changes = block.close_frame()
        ends: list[dict[str, Node] | None] = [None if block.dead else changes]
        found = block.anywhere_in(during, node.lineno) if node.handlers else {}
        for handler in node.handlers:
            block.dead = False
            ends.append(self.handle(handler, found))
        block.dead = all(end is None for end in ends)
        noted = block.close_record()
        if node.finalbody:
            ends = [self.finish(node, noted, ends)]
        block.merge(ends, node.lineno)

    def _handle_in(self, body: list[ast.stmt], types: list[ast.expr]) -> None:
        """Record that exceptions of ``types``, or of tuples of types, are handled around ``body``."""
        each = [one for kind in types for one in (kind.elts if isinstance(kind, ast.Tuple) else [kind])]
        names = frozenset(ast.unparse(one).rpartition(".")[2] for one in each)
        last = body[-1].end_lineno or body[-1].lineno
        self.code.handled += ((self.base + body[0].lineno, self.base + last, names),)

    def handle(self, handler: ast.ExceptHandler, found: dict[str, Node]) -> dict[str, Node] | None:
        """``except error as name: …``; ``found`` are the bindings at its start."""
        block = self.block
        block.open_frame()
        block.rebind(found)
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
        return None if block.dead else end

    def finish(
        self, node: ast.Try, noted: dict[str, dict[Node, None]], ends: list[dict[str, Node] | None]
    ) -> dict[str, Node] | None:
        """``finally: …``: it may start at any point of the statement; after it, the bindings of ``ends`` hold."""
        block = self.block
        dead, block.dead = block.dead, False
        block.open_frame()
        block.rebind(block.anywhere_in(noted, node.lineno))
        block.open_frame()
        self.statements(node.finalbody)
        if self.loops and not block.dead and _jumps(node):
            # A ``break`` or ``continue`` of the statement may have led here.
            block.close_loop(self.loops[-1].joined, done=False)
        last = block.close_frame()
        block.close_frame()
        block.dead = block.dead or dead
        block.open_frame()
        block.merge(ends, node.lineno)
        block.rebind(last)
        changes = block.close_frame()
        return None if block.dead else changes

    def enter(self, node: ast.With | ast.AsyncWith) -> None:
        """``with context as name: …``."""
        block = self.block
        swallowed: list[ast.expr] = []
        swallows = False
        for item in node.items:
            value = self.expression(item.context_expr)
            if self._swallows(item.context_expr):
                swallows = True
                swallowed += item.context_expr.args if isinstance(item.context_expr, ast.Call) else []
            self.mark("async with" if isinstance(node, ast.AsyncWith) else "with", node, value)
            entered = self.iterate(value, "with", node.lineno)
            if item.optional_vars is not None:
                self.store(item.optional_vars, entered)
        if not swallows:
            self.statements(node.body)
            return
        self._handle_in(node.body, swallowed)
        block.open_record()
        end = self.side(node.body)
        block.merge([end, block.anywhere_in(block.close_record(), node.lineno)], node.lineno)

    def _swallows(self, context: ast.expr) -> bool:
        function = context.func if isinstance(context, ast.Call) else context
        target = self.target_of(function)
        if target is not None and target.module is None:
            return target.path in SWALLOWING
        return isinstance(function, ast.Attribute) and function.attr.startswith("assertRaises")

    def match(self, node: ast.Match) -> None:
        """``match subject: …``."""
        block = self.block
        subject = self.expression(node.subject)
        branch = Branch(self.code, self.base + node.lineno, block.guard, "match", subject)
        branch.sides = tuple(case.pattern.lineno for case in node.cases)
        self.events.append(branch)
        outer = block.guard
        ends: list[dict[str, Node] | None] = []
        rest = False
        for case in node.cases:
            block.guard = branch
            block.open_record()
            block.open_frame()
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.MatchValue | ast.MatchClass):
                    self.expression(part.value if isinstance(part, ast.MatchValue) else part.cls)
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    whole = part is case.pattern
                    block.bind(name, subject if whole else self.program.constants[UNKNOWN], part.lineno)  # type: ignore[attr-defined]
            if case.guard is not None:
                block.guard = self.branch("if", case.guard)
            elif isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
                rest = True
            captured = block.close_record()
            self.statements(case.body)
            end = block.close_frame()
            ends.append(None if block.dead else end)
            block.dead = False
            if case.guard is not None:
                # Names that a pattern has bound stay bound if its guard fails.
                block.rebind(block.anywhere_in(captured, node.lineno))
        if not rest:
            ends.append({})
        block.guard = outer
        block.dead = all(end is None for end in ends)
        block.merge(ends, node.lineno)


def _jumps(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Break | ast.Continue) for inner in ast.walk(node))
