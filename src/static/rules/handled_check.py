"""HYB217."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.handlers import where_handled
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from .rule import Example, Group, Move, Polarity, Rule

#: The error of a failed check, and what it is caught by.
_CAUGHT = frozenset({"InvalidArgumentError", "OpError", "Exception", "BaseException"})


class HandledCheck(Rule):
    """
    ## What it does

    Finds checks of values (`tf.debugging.check_numerics`, `tf.debugging.assert_…`) if a `try` around the call, or
    around a call of the function, handles their error.

    ## Why it matters

    Eager code stops at a failed check. A graph also runs what does not depend on the check: an update of variables
    may happen all the same, and a script that handles the error and goes on trains with other weights. A run in which
    no check fails does not show it.

    ## What to do

    Check the results outside of the function.
    """

    code = "HYB217"
    title = "checks values, and a caller handles the error"
    group = Group.TRACING
    polarity = Polarity.REFUSES
    move = Move.YOURS
    assumption = AssumptionKind.SAME_RESULT
    topics = ("tensorflow",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            weight = tf.Variable(1.0)

            def step(x):
                loss = weight * tf.reduce_sum(x)
                tf.debugging.check_numerics(loss, "diverged")
                weight.assign_sub(0.1 * loss)

            for x in (tf.ones([2]), tf.ones([2])):
                try:
                    step(x)
                except tf.errors.InvalidArgumentError:
                    print("diverged")
            """,
            line=7,
            certain=True,
            message="`step` checks values with `tf.debugging.check_numerics`, whose error is handled at train.py:12; a "
            "graph may change variables before it stops",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        weight = tf.Variable(1.0)

        def step(x):
            loss = weight * tf.reduce_sum(x)
            tf.debugging.check_numerics(loss, "diverged")
            weight.assign_sub(0.1 * loss)

        for x in (tf.ones([2]), tf.ones([2])):
            try:
                step(x)
            except KeyboardInterrupt:
                break
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        path = next((path for path in event.externals if path.startswith("tensorflow.debugging.")), "")
        if path.rpartition(".")[2].startswith(("assert", "check_numerics", "Assert")):
            place = where_handled(event.owner, event.place, _CAUGHT)
            if place is not None:
                name = path.replace("tensorflow", "tf", 1)
                message = (
                    f"checks values with `{name}`, whose error is handled at {place}; a graph may change variables "
                    "before it stops"
                )
                yield view.hazard(self.code, message, event, True, self.assumption, name)
