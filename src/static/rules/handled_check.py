"""HYB217."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.handlers import where_handled
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Branch, Call, Event
from .rule import Example, Group, Move, Polarity, Rule

#: The error of a failed check, and what it is caught by. That of an ``assert`` is another one in a graph.
_CAUGHT = frozenset({"InvalidArgumentError", "OpError", "Exception", "BaseException"})
_ASSERTION = _CAUGHT | {"AssertionError"}


class HandledCheck(Rule):
    """
    ## What it does

    Finds checks of values (`tf.debugging.check_numerics`, `tf.debugging.assert_…`, `assert` on a tensor) if a `try`
    around the check, or around a call of the function, handles their error.

    ## Why it matters

    Eager code stops at a failed check. A graph also runs what does not depend on the check: an update of variables
    may happen all the same, and a script that handles the error and goes on trains with other weights. An `assert`
    raises an `InvalidArgumentError` in a graph, which is no `AssertionError`. A run in which no check fails does not
    show it.

    ## What to do

    Check the results outside of the function.
    """

    code = "HYB217"
    title = "checks values, and a caller handles the error"
    group = Group.TRACING
    polarity = Polarity.REFUSES
    move = Move.YOURS
    assumption = AssumptionKind.SAME_RESULT
    events = (Branch,)
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
        Example(
            """
            import tensorflow as tf

            weight = tf.Variable(1.0)

            def step(x):
                loss = weight * tf.reduce_sum(x)
                assert tf.math.is_finite(loss), "diverged"
                weight.assign_sub(0.1 * loss)

            for x in (tf.ones([2]), tf.ones([2])):
                try:
                    step(x)
                except AssertionError:
                    print("diverged")
            """,
            line=7,
            certain=True,
            message="`step` checks values with `assert`, whose error is handled at train.py:12; a graph may change "
            "variables before it stops, and raises another error",
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
        """
        import tensorflow as tf

        weight = tf.Variable(1.0)

        def step(x):
            assert x.shape.rank == 1, "a vector"
            weight.assign_sub(0.1 * weight * tf.reduce_sum(x))

        for x in (tf.ones([2]), tf.ones([2])):
            try:
                step(x)
            except AssertionError:
                print("no vector")
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        if isinstance(event, Branch):
            if event.kind != "assert" or view.traced(event.test) is not True:
                return
            name, caught = "assert", _ASSERTION
        else:
            assert isinstance(event, Call)
            path = next((path for path in event.externals if path.startswith("tensorflow.debugging.")), "")
            if not path.rpartition(".")[2].startswith(("assert", "check_numerics", "Assert")):
                return
            name, caught = path.replace("tensorflow", "tf", 1), _CAUGHT
        place = where_handled(event.owner, event.place, caught)
        if place is not None:
            message = (
                f"checks values with `{name}`, whose error is handled at {place}; a graph may change variables "
                f"before it stops{'' if name != 'assert' else ', and raises another error'}"
            )
            yield view.hazard(self.code, message, event, True, self.assumption, name)
