"""HYB207."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Event, Mark
from .rule import Example, Group, Move, Polarity, Rule


class ExceptionHandling(Rule):
    """
    ## What it does

    Finds `try` statements with handlers, and `raise`.

    ## Why it matters

    Exception handlers act during tracing. `try: x.numpy() except AttributeError: …` silently takes the other path
    in a graph. An error that an operation raises while the graph runs is not caught inside the function. A `raise`
    under a condition on a tensor is decided during tracing.

    ## What to do

    Handle exceptions outside of the function. Check values with `tf.debugging.assert_*`.
    """

    code = "HYB207"
    title = "handles or raises exceptions"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.SAME_RESULT
    events = (Mark,)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(x):
                try:
                    y = x.numpy()
                except AttributeError:
                    y = 0.0
                return tf.reduce_sum(x) + y

            step(tf.ones([2]))
            """,
            line=4,
            certain=False,
            message="`step` handles exceptions, which a graph raises outside of the handler",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = tf.reduce_sum(x)
            return tape.gradient(y, x)

        step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Mark)
        if event.kind == "try" and event.text == "except":
            message, certain = "handles exceptions, which a graph raises outside of the handler", False
        elif event.kind == "raise" and event.guard is not None and view.traced(event.guard.test) is True:
            message, certain = "raises depending on a tensor's value; tracing always raises it", True
        else:
            return
        yield view.hazard(
            self.code, message, event, certain, self.assumption, event.kind, transitive=certain
        )
