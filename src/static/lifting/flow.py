"""Liveness after each statement of a scope, and definite assignment before it.

Both walk the nested statements without a control-flow graph: Python's only jumps are ``break``, ``continue``,
``return`` and exceptions. Any statement of a ``try`` may raise, so the names that its handlers read are live in all
of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from .names import names_of

#: Expressions with parts that may be evaluated later or not at all.
_MAYBE = (ast.BoolOp, ast.IfExp, ast.Compare, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: Context managers that suppress exceptions: the code after them may be reached from any statement inside.
_SUPPRESSING = ("suppress", "assertRaises", "raises")


@dataclass(frozen=True)
class _Jumps:
    """The live names at the targets of jumps out of a statement."""

    broken: frozenset[str] = frozenset()
    continued: frozenset[str] = frozenset()
    raised: frozenset[str] = frozenset()


@dataclass
class Liveness:
    """The live names ``after`` each statement (by its identity), and where control goes if it ``raises``."""

    after: dict[int, frozenset[str]] = field(default_factory=dict)
    raises: dict[int, frozenset[str]] = field(default_factory=dict)

    def block(self, body: Sequence[ast.stmt], live: frozenset[str], jumps: _Jumps = _Jumps()) -> frozenset[str]:
        """The live names before a block, given those that are ``live`` after it."""
        for statement in reversed(body):
            self.after[id(statement)] = self.after.get(id(statement), frozenset()) | live
            self.raises[id(statement)] = self.raises.get(id(statement), frozenset()) | jumps.raised
            live = self._before(statement, live, jumps) | jumps.raised
        return live

    def _before(self, node: ast.stmt, live: frozenset[str], jumps: _Jumps) -> frozenset[str]:
        match node:
            case ast.If():
                return self.block(node.body, live, jumps) | self.block(node.orelse, live, jumps) | _read(node.test)
            case ast.For() | ast.AsyncFor():
                behind = self.block(node.orelse, live, jumps)
                head, settled, targets = behind, False, names_of([node.target])
                while not settled:
                    body = self.block(node.body, head, replace(jumps, broken=live, continued=head))
                    grown = head | (body - targets.bound) | targets.read
                    head, settled = grown, grown == head
                return head | _read(node.iter)
            case ast.While():
                head, settled = self.block(node.orelse, live, jumps) | _read(node.test), False
                while not settled:
                    body = self.block(node.body, head, replace(jumps, broken=live, continued=head))
                    head, settled = head | body, body <= head
                return head
            case ast.With() | ast.AsyncWith():
                inner = replace(jumps, raised=jumps.raised | live) if _suppresses(node) else jumps
                before = self.block(node.body, live, inner)
                for item in reversed(node.items):
                    if item.optional_vars is not None:
                        before = (before - names_of([item.optional_vars]).bound) | names_of([item.optional_vars]).read
                    before |= _read(item.context_expr)
                return before
            case ast.Try() | ast.TryStar():
                return self._try(node, live, jumps)
            case ast.Match():
                cases = [self.block(case.body, live, jumps) for case in node.cases]
                tests = [_read(case.pattern) | (_read(case.guard) if case.guard else set()) for case in node.cases]
                return frozenset().union(live, *cases, *tests) | _read(node.subject)
            case ast.Break():
                return jumps.broken
            case ast.Continue():
                return jumps.continued
            case ast.Return():
                return jumps.raised | (_read(node.value) if node.value else frozenset())
            case ast.Raise():
                return jumps.raised | frozenset(names_of([node]).read)
        found = names_of([node])
        return (live - _surely_bound(node)) | found.read

    def _try(self, node: ast.Try | ast.TryStar, live: frozenset[str], jumps: _Jumps) -> frozenset[str]:
        final = self.block(node.finalbody, live, jumps)
        passing = (
            replace(
                jumps,
                broken=self.block(node.finalbody, jumps.broken, jumps),
                continued=self.block(node.finalbody, jumps.continued, jumps),
                raised=jumps.raised | self.block(node.finalbody, jumps.raised, jumps),
            )
            if node.finalbody
            else jumps
        )
        caught = [
            self.block(handler.body, final, passing) - ({handler.name} if handler.name else set())
            for handler in node.handlers
        ]
        tests = [_read(handler.type) for handler in node.handlers if handler.type is not None]
        rescued = frozenset().union(*caught, *tests)
        after = self.block(node.orelse, final, passing)
        return self.block(node.body, after, replace(passing, raised=passing.raised | rescued))


@dataclass
class Certainty:
    """Definite assignment: the names that are certainly bound ``before`` each statement, by its identity."""

    before: dict[int, frozenset[str]] = field(default_factory=dict)

    def block(self, body: Iterable[ast.stmt], bound: frozenset[str]) -> frozenset[str] | None:
        """The names that are certainly bound after a block; None if its end is never reached."""
        known: frozenset[str] | None = bound
        for statement in body:
            if known is None:
                break
            self.before[id(statement)] = known
            known = self._behind(statement, known)
        return known

    def _behind(self, node: ast.stmt, bound: frozenset[str]) -> frozenset[str] | None:
        match node:
            case ast.If():
                return _both(self.block(node.body, bound), self.block(node.orelse, bound))
            case ast.For() | ast.AsyncFor():
                # A name that one iteration deletes is unbound in the next one.
                self.block(node.body, _kept(bound, node) | names_of([node.target]).bound)
                ended = self.block(node.orelse, _kept(bound, node))
                return bound if ended is None else _kept(bound, node)
            case ast.While():
                self.block(node.body, _kept(bound, node))
                self.block(node.orelse, _kept(bound, node))
                return _kept(bound, node)
            case ast.With() | ast.AsyncWith():
                inner = bound | names_of(node.items).bound
                ended = self.block(node.body, inner)
                return bound if _suppresses(node) else ended
            case ast.Try() | ast.TryStar():
                ended = self.block(node.body, bound)
                ended = None if ended is None else self.block(node.orelse, ended)
                start = _kept(bound, node)
                for handler in node.handlers:
                    caught = self.block(handler.body, start | ({handler.name} if handler.name else set()))
                    ended = _both(ended, caught)
                if node.finalbody:
                    done = self.block(node.finalbody, start if ended is None else ended)
                    return None if ended is None else done
                return ended
            case ast.Match():
                for case in node.cases:
                    self.block(case.body, bound | names_of([case.pattern]).bound)
                return _kept(bound, node)
            case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
                return None
        return (bound | _surely_bound(node)) - names_of([node]).deleted


def certain_after(body: Sequence[ast.stmt]) -> frozenset[str]:
    """The names that a block certainly binds."""
    return Certainty().block(body, frozenset()) or frozenset()


def read_after_deletion(body: Sequence[ast.stmt]) -> frozenset[str]:
    """The names that a block may read after it has deleted them."""
    names = names_of(body)
    if not names.deleted:
        return frozenset()
    certainty = Certainty()
    certainty.block(body, frozenset(names.read | names.bound | names.deleted))
    inner = (ast.stmt, ast.excepthandler, ast.match_case)
    found = set[str]()
    for node in (node for each in body for node in ast.walk(each)):
        if isinstance(node, ast.stmt) and id(node) in certainty.before:
            own = [part for part in ast.iter_child_nodes(node) if not isinstance(part, inner)]
            found |= (names_of(own).read & names.deleted) - certainty.before[id(node)]
    return frozenset(found)


def read_before_bound(body: Sequence[ast.stmt]) -> frozenset[str]:
    """The names that a block may read before it has bound them itself."""
    return Liveness().block(body, frozenset())


def is_evaluated(node: ast.AST, body: Sequence[ast.stmt]) -> bool:
    """Whether an expression in a block is evaluated whenever the block is run to its end."""
    for statement in body:
        match statement:
            case ast.With() if not _suppresses(statement):
                if any(_evaluates(item, node) for item in statement.items) or is_evaluated(node, statement.body):
                    return True
            case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Expr():
                if _evaluates(statement, node):
                    return True
            case ast.If(test=first) | ast.While(test=first) | ast.For(iter=first):
                if _evaluates(first, node):
                    return True
    return False


def _evaluates(tree: ast.AST, node: ast.AST) -> bool:
    return tree is node or (
        not isinstance(tree, _MAYBE) and any(_evaluates(child, node) for child in ast.iter_child_nodes(tree))
    )


def _read(node: ast.AST) -> frozenset[str]:
    return frozenset(names_of([node]).read)


def _surely_bound(node: ast.stmt) -> frozenset[str]:
    """The names that a simple statement always binds or deletes."""
    if isinstance(node, ast.Assign):
        return frozenset(names_of(node.targets).bound | _walruses(node.value))
    if isinstance(node, ast.AugAssign):
        return frozenset(names_of([node.target]).bound | _walruses(node.value))
    if isinstance(node, ast.Expr):
        return frozenset(_walruses(node.value))
    if isinstance(node, ast.AnnAssign):
        return frozenset(names_of([node.target]).bound) if node.value is not None else frozenset()
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return frozenset(names_of([node]).bound)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return frozenset({node.name})
    if isinstance(node, ast.Delete):
        return frozenset(names_of([node]).deleted)
    return frozenset()


def _walruses(node: ast.AST) -> set[str]:
    """The names that an expression always binds by ``:=``."""
    if isinstance(node, _MAYBE):
        return set()
    own = {node.target.id} if isinstance(node, ast.NamedExpr) else set[str]()
    return own.union(*(_walruses(child) for child in ast.iter_child_nodes(node)))


def _kept(bound: frozenset[str], node: ast.AST) -> frozenset[str]:
    """The names of ``bound`` that no part of a statement deletes."""
    return bound - names_of([node]).deleted


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _suppresses(node: ast.With | ast.AsyncWith) -> bool:
    calls = (item.context_expr.func for item in node.items if isinstance(item.context_expr, ast.Call))
    return any(getattr(call, "attr", getattr(call, "id", "")) in _SUPPRESSING for call in calls)
