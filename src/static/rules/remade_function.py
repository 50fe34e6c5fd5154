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

    Finds a `tf.function` that is made again and again: a decorated `def` or a `tf.function(…)` inside a function
    or a loop; and a function that would be one, because another one defines it anew in every call, or a loop in every
    round and hands it to nobody. It is refused where that other one is proposed itself, for its graph has this one in
    it, and where nothing but that other one calls it, outside of loops. A training step is not.

    ## Why is this bad

    Each is a new object with no traces: it is traced anew in every call, which is slower than eager code.

    ## What to do

    Make it once, at the level of the module or in `__init__`.
    """

    code = "HYB601"
    title = "makes a tf.function in every call"
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
            message="`step` makes a tf.function in every call",
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
            message="`positive` is defined anew in every call",
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
        """The hazard that the event is, if it is one."""
        assert isinstance(event, Call)
        if view.code.name == "__init__" or (view.code.parameters and _is_decorator(view)):
            return
        yield view.hazard(
            self.code,
            "makes a tf.function in every call",
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
            "is defined anew in every round of a loop" if code.in_loop else "is defined anew in every call",
            code.node.place,
            code.in_loop and not code.escapes,
            self.assumption,
            code.name,
            transitive=False,
        )

    def judge(self, case: Case) -> Judgement | None:
        """That a function is a part of another, which defines it anew."""
        if case.is_new and case.outer is not None:
            outer = name_of(case.outer)
            return Judgement(f"{case.name} is defined anew in every call of {outer}, and is a part of that")
        return None



def _is_decorator(view: View) -> bool:
    """Whether the function hands the made function out: it is made once for each use of the decorator."""
    return any(isinstance(value, (Function, Bound, Wrapped)) for value in view.code.returns.values)
