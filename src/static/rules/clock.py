"""HYB109."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from .rule import Example, Group, Move, Polarity, Rule


class Clock(Rule):
    """
    ## What it does

    Finds reads of the clock (`time.time`, `datetime.now`) and waits (`time.sleep`).

    ## Why it matters

    The clock is read once, during tracing. A duration measured inside the function is the duration of the trace, in
    every call.

    ## What to do

    Measure time outside of the function. Inside a graph, `tf.timestamp()` is evaluated in every call.
    """

    code = "HYB109"
    title = "reads the clock"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.STABLE
    topics = ("clock",)
    INVALID = (
        Example(
            """
            import time
            import tensorflow as tf

            def step(x):
                begin = time.time()
                y = tf.reduce_sum(x)
                return y, time.time() - begin

            step(tf.ones([2]))
            """,
            line=5,
            certain=True,
            message="`step` reads the clock with `time.time`",
        ),
    )
    VALID = (
        """
        import time
        import tensorflow as tf

        def step(x):
            return tf.reduce_sum(x) + tf.cast(tf.timestamp(), tf.float32)

        begin = time.time()
        step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        name = next(iter(event.externals), "the clock")
        yield view.hazard(self.code, f"reads the clock with `{name}`", event, True, self.assumption, name)
