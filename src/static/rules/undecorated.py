"""HYB512."""

from __future__ import annotations

from ...records import AssumptionKind
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


class Undecorated(Rule):
    """
    ## What it does

    Finds lambdas that compute with tensors.

    ## Why it matters

    A lambda can't have a decorator, so there is no edit to write.

    ## What to do

    If it is called often by itself, write it as a `def`.
    """

    code = "HYB512"
    title = "is a lambda, which can't be decorated"
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
            message="`double` is a lambda, which can't be decorated",
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
        """Judge a lambda, which can't be decorated."""
        if case.is_new and case.code.kind == "lambda":
            return Judgement(f"`{case.code.name}` is a lambda, which can't be decorated")
        return None
