"""HYB601."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View, name_of
from ..ir.code import Call, Event
from ..ir.values import Bound, Function, Wrapped
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


class RemadeFunction(Rule):
    """
    ## What it does

    Finds a `tf.function` that is created repeatedly: a decorated `def` or a `tf.function(…)` inside a function or a
    loop. It also finds functions that would become one: functions that an enclosing function defines anew in every
    call, or that a loop defines anew in every iteration and passes to no other code. Such a function is refused if
    the enclosing function is proposed itself (its graph then contains the inner function), or if only the enclosing
    function calls it, outside of loops. A training step is never refused for this.

    ## Why it matters

    Each `tf.function` object starts without traces, so every call traces again. That is slower than eager code.

    ## What to do

    Create it once, at module level or in `__init__`.
    """

    code = "HYB601"
    title = "creates a tf.function in every call"
    group = Group.HYBRIDS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.BOUNDED_TRACES
    topics = ("function",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(x):
                @tf.function
                def inner(y):
                    return tf.reduce_sum(y)

                return inner(x)

            step(tf.ones([2]))
            """,
            line=4,
            certain=False,
            message="`step` creates a `tf.function` in every call",
        ),
        Example(
            """
            import tensorflow as tf

            def activate(x):
                def positive():
                    return x * tf.abs(x)

                return tf.cond(x > 0.0, positive, lambda: x)

            for _ in range(3):
                activate(tf.constant(1.0))
            """,
            line=4,
            certain=False,
            message="`positive` is redefined in every call of the enclosing function",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        @tf.function
        def inner(y):
            return tf.reduce_sum(y)

        def step(x):
            return inner(x) + 1.0

        step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        if view.code.name == "__init__" or (view.code.parameters and _is_decorator(view)):
            return
        yield view.hazard(
            self.code,
            "creates a `tf.function` in every call",
            event,
            False,
            self.assumption,
            "tf.function",
        )


    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        code = view.code
        if code.kind not in ("nested", "lambda") or code.parent is None:
            return
        if code.parent.is_body and not code.in_loop:
            return
        if code.hybrid is not None or _is_decorator(view):
            return
        yield view.hazard(
            self.code,
            f"is redefined in every {'iteration of a loop' if code.in_loop else 'call of the enclosing function'}",
            code.node.place,
            code.in_loop and not code.escapes,
            self.assumption,
            code.name,
            transitive=False,
        )

    def judge(self, case: Case) -> Judgement | None:
        """Judge a function that an enclosing function redefines in every call."""
        if case.is_new and case.outer is not None:
            outer = name_of(case.outer)
            return Judgement(f"{case.name} is redefined in every call of {outer}, whose graph contains it")
        return None



def _is_decorator(view: View) -> bool:
    """Whether the function returns the new function, which is then created once for each use of the decorator."""
    return any(isinstance(value, (Function, Bound, Wrapped)) for value in view.code.returns.values)
