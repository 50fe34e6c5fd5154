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

    Notes `try` with handlers, and `raise`, in a function.

    ## Why is this bad

    Handlers act while tracing. `try: x.numpy() except AttributeError: …` takes the other path in a graph,
    silently; an error that an operation raises when the graph runs is not caught inside of it. A `raise` under a
    condition on tensors is decided while tracing.

    ## What to do

    Handle exceptions outside of the function; check values with `tf.debugging.assert_*`.
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
            message="`step` handles exceptions, which a graph raises elsewhere",
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
        """The hazard that the event is, if it is one."""
        assert isinstance(event, Mark)
        if event.kind == "try" and event.text == "except":
            message, certain = "handles exceptions, which a graph raises elsewhere", False
        elif event.kind == "raise" and event.guard is not None and view.traced(event.guard.test) is True:
            message, certain = "raises depending on a tensor's value: while tracing, always", True
        else:
            return
        yield view.hazard(
            self.code, message, event, certain, self.assumption, event.kind, transitive=certain
        )
