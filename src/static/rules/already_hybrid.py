"""HYB600."""

from __future__ import annotations

from ...records import AssumptionKind
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


class AlreadyHybrid(Rule):
    """
    ## What it does

    Finds functions that are already a `tf.function`, and says how: through a decorator, through `tf.function(f)`,
    or through a project decorator that wraps it.

    ## Why it matters

    It is not a problem. The function already runs as a graph.
    """

    code = "HYB600"
    title = "is already a tf.function"
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
            message="`double` is already a `tf.function`: @tf.function",
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
            message="`double` is already a `tf.function`: tf.function(double)",
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
        """Judge a function that is a `tf.function`, and say how it became one."""
        if case.is_new or case.code.switched is not None:
            return None
        return Judgement(f"{case.name} is already a `tf.function`: {case.code.hybrid}")
