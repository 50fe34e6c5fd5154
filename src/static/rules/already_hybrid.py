"""HYB600."""

from __future__ import annotations

from ...records import AssumptionKind
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


class AlreadyHybrid(Rule):
    """
    ## What it does

    Says of a function that it is a `tf.function` already, and how: by a decorator, by `tf.function(f)`, by a
    decorator of the project that wraps it.

    ## Why is this bad

    It is not. Nothing is to be done.
    """

    code = "HYB600"
    title = "is a tf.function already"
    group = Group.HYBRIDS
    polarity = Polarity.REFUSES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        Example(
            """
            import tensorflow as tf

            @tf.function
            def double(x):
                return x + x

            double(tf.ones([2]))
            """,
            line=4,
            certain=True,
            message="`double` is hybrid already: @tf.function",
        ),
        Example(
            """
            import tensorflow as tf

            def double(x):
                return x + x

            fast = tf.function(double)
            fast(tf.ones([2]))
            """,
            line=3,
            certain=True,
            message="`double` is hybrid already: tf.function(double)",
        ),
    )
    VALID = (
        """
        def function(f):
            return f

        @function
        def double(x):
            return x + x

        double(2)
        """,
    )

    def judge(self, case: Case) -> Judgement | None:
        """How a function became a `tf.function`."""
        if case.is_new or case.code.switched is not None:
            return None
        return Judgement(f"{case.name} is hybrid already: {case.code.hybrid}")
