"""HYB211."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.parameters import holds_tensor, own_parameters, supplied_values
from ..facts.view import View
from ..ir.code import Branch, Call, Operation
from ..ir.solver import Node
from .rule import Example, Group, Move, Polarity, Rule


class Recursion(Rule):
    """
    ## What it does

    Finds functions that call themselves, directly or through other functions.

    ## Why it matters

    Tracing follows every call. If a tensor decides when the recursion stops, tracing never stops and raises
    `RecursionError`. If Python decides, each depth is traced separately.

    Recursion over the structure of a model or of nested lists ends by itself. When no tensor is passed down, or the
    next callee is found through an object, the recursion becomes an assumption that a run checks.

    ## What to do

    Write a loop.
    """

    code = "HYB211"
    title = "calls itself"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def down(n):
                if n > 0:
                    return down(n - 1)
                return tf.constant(1)

            down(tf.constant(5))
            """,
            line=5,
            certain=True,
            message="`down` calls itself",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        class Base:
            def step(self, x):
                return tf.reduce_sum(x)

        class Derived(Base):
            def step(self, x):
                return super().step(x) + 1.0

        Derived().step(tf.ones([2]))
        """,
    )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        found = view.facts.graph.recursive.get(view.code)
        if found is None:
            return
        call, direct = found
        tensors = any(
            holds_tensor(supplied_values(view.code, index)) for index, _ in own_parameters(view.code)
        )
        certain = direct and tensors and not _asks_for_type(call)
        yield view.hazard(
            self.code, "calls itself", call.place, certain, self.assumption, view.code.name, transitive=True
        )


def _asks_for_type(call: Call) -> bool:
    """Whether the call is under a type test, which ends a recursion into a structure."""
    guard: Branch | None = call.guard
    while guard is not None:
        if _is_type_question(guard.test, 0):
            return True
        guard = guard.guard
    return False


def _is_type_question(test: Node, depth: int) -> bool:
    origin = test.origin
    if isinstance(origin, Call):
        path = origin.path or ""
        return path in ("builtins.isinstance", "builtins.hasattr", "builtins.callable") or path.endswith(
            ("is_nested", "is_tensor", "is_keras_tensor")
        )
    if depth < 4:
        if isinstance(origin, Operation):
            return any(_is_type_question(operand, depth + 1) for operand in origin.operands)
        if isinstance(origin, list):
            return any(_is_type_question(inner, depth + 1) for inner in origin)
    return False
