"""HYB101."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from .rule import Example, Group, Move, Polarity, Rule


class Printing(Rule):
    """
    ## What it does

    Finds `print`, `logging`, `warnings.warn`, writes to `sys.stdout`, `model.summary()` and other output from
    Python, in the function and in everything it calls.

    ## Why it matters

    A graph runs Python once per trace. The line is printed during tracing, showing symbolic tensors, and never
    again.

    ## What to do

    Print outside of the function, using its return value, or use `tf.print`, which a graph executes in every call.
    """

    code = "HYB101"
    title = "prints from Python"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.NO_EFFECT
    topics = ("print",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(x):
                print("loss", x)
                return tf.reduce_sum(x)

            step(tf.ones([2]))
            """,
            line=4,
            certain=True,
            message="`step` prints with `print`",
        ),
        Example(
            """
            import logging
            import tensorflow as tf

            def report(value):
                logging.info("loss %s", value)

            def step(x):
                report(x)
                return tf.reduce_sum(x)

            step(tf.ones([2]))
            """,
            line=8,
            certain=True,
            message="`report` prints with `logging.info`",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x):
            tf.print("loss", x)
            return tf.reduce_sum(x)

        step(tf.ones([2]))
        """,
        """
        import tensorflow as tf

        def print(*values):
            return None

        def step(x):
            print("loss", x)
            return tf.reduce_sum(x)

        step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        name = next(iter(event.externals), event.attribute or "print").removeprefix("builtins.")
        warns = "warn" in name and event.guard is not None
        yield view.hazard(
            self.code, f"prints with `{name}`", event, not warns, self.assumption, name, effect=True
        )
