"""HYB502."""

from __future__ import annotations

from ...records import AssumptionKind
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


class Covered(Rule):
    """
    ## What it does

    Finds functions whose callers all run as graphs already: a `tf.function`, a function called only by such
    functions, the `map` of a dataset, Keras' `fit`.

    ## Why it matters

    The function is part of its caller's graph. Its own decorator would gain nothing.

    ## What to do

    Nothing.
    """

    code = "HYB502"
    title = "already runs inside a graph"
    group = Group.BENEFIT
    polarity = Polarity.REFUSES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def inner(x):
                return tf.reduce_sum(x)

            @tf.function
            def outer(x):
                return inner(x) * 2.0

            outer(tf.ones([2]))
            """,
            line=3,
            certain=True,
            message="`inner` already runs inside a graph: all of its callers are graphs",
        ),
        Example(
            """
            import tensorflow as tf

            def scale(x):
                return tf.cast(x, tf.float32) / 255.0

            dataset = tf.data.Dataset.range(3).map(scale)
            """,
            line=3,
            certain=True,
            message="`scale` already runs inside a graph: all of its callers are graphs",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def mixed(x):
            return tf.reduce_sum(x)

        @tf.function
        def outer(x):
            return mixed(x)

        outer(tf.ones([2]))
        mixed(tf.ones([2]))
        """,
    )

    def judge(self, case: Case) -> Judgement | None:
        """Judge a function that already runs only in graphs."""
        if case.is_new and case.code in case.facts.covered:
            return Judgement(f"{case.name} already runs inside a graph: all of its callers are graphs")
        return None
