"""HYB512."""

from __future__ import annotations

from ...records import AssumptionKind
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


class Undecorated(Rule):
    """
    ## What it does

    Finds lambdas that compute with tensors.

    ## Why is this bad

    A lambda takes no decorator, so there is nothing to write.

    ## What to do

    Make it a `def`, if it is called often by itself.
    """

    code = "HYB512"
    title = "is a lambda, which takes no decorator"
    group = Group.BENEFIT
    polarity = Polarity.REFUSES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    INVALID = (
        Example(
            """
            import tensorflow as tf

            double = lambda x: x + tf.abs(x)

            for _ in range(3):
                double(tf.ones([2]))
            """,
            line=3,
            certain=True,
            message="`double` is a lambda, which takes no decorator",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def double(x):
            return x + tf.abs(x)

        for _ in range(3):
            double(tf.ones([2]))
        """,
    )

    def judge(self, case: Case) -> Judgement | None:
        """That a function is a lambda."""
        if case.is_new and case.code.kind == "lambda":
            return Judgement(f"`{case.code.name}` is a lambda, which takes no decorator")
        return None
