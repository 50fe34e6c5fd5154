"""HYB602."""

from __future__ import annotations

from ...records import Action, AssumptionKind
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


class BarrenHybrid(Rule):
    """
    ## What it does

    Finds functions that are already a `tf.function` but execute no TensorFlow operation.

    ## Why it matters

    The decorator costs a trace and a dispatch, and gains nothing.

    ## What to do

    Remove the decorator.
    """

    code = "HYB602"
    title = "is a tf.function without tensor operations"
    group = Group.HYBRIDS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        Example(
            """
            import tensorflow as tf

            @tf.function
            def same(x):
                return x

            same(tf.ones([2]))
            """,
            line=4,
            certain=False,
            message="`same` is a `tf.function` and executes no TensorFlow operation",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        @tf.function
        def double(x):
            return x + x

        double(tf.ones([2]))
        """,
    )

    def judge(self, case: Case) -> Judgement | None:
        """Judge a decorated function that runs no operation."""
        if case.is_decorated and case.computes is False:
            return Judgement(f"{case.name} is a `tf.function` and executes no TensorFlow operation", Action.DEHYBRIDIZE)
        return None
