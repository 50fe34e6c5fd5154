"""HYB601."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from .rule import Move, Polarity, Rule


class RemadeFunction(Rule):
    """
    ## What it does

    Finds a `tf.function` that is made again and again: a decorated `def` or a `tf.function(…)` inside a function
    or a loop.

    ## Why is this bad

    Each is a new object with no traces: it is traced anew in every call, which is slower than eager code.

    ## What to do

    Make it once, at the level of the module or in `__init__`.
    """

    code = "HYB601"
    title = "makes a tf.function in every call"
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.BOUNDED_TRACES
    topics = ("function",)
    INVALID = (
        """
        import tensorflow as tf

        def step(x):
            @tf.function
            def inner(y):
                return tf.reduce_sum(y)

            return inner(x)

        step(tf.ones([2]))
        """,
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


def _is_decorator(view: View) -> bool:
    """Whether the function hands the made function out: it is made once for each use of the decorator."""
    from ..ir.values import Bound, Function, Wrapped

    return any(isinstance(value, (Function, Bound, Wrapped)) for value in view.code.returns.values)
