"""HYB604."""

from __future__ import annotations

from ...records import AssumptionKind
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


class SwitchedHybrid(Rule):
    """
    ## What it does

    Finds functions that are a `tf.function` already and may run eagerly all the same, because the script says
    `tf.config.run_functions_eagerly(True)` and never `False`. It names the line.

    ## Why is this bad

    The switch is meant for debugging. Left on, it takes back what the decorators gave: every operation is
    dispatched from Python again, often several times slower.

    ## What to do

    Remove the line. `optimize` tries that on the script's own run, measures it and writes it as an edit.
    """

    code = "HYB604"
    title = "is a tf.function that a switch may make run eagerly"
    group = Group.HYBRIDS
    polarity = Polarity.REFUSES
    move = Move.YOURS
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        Example(
            """
            import tensorflow as tf

            tf.config.run_functions_eagerly(True)

            @tf.function
            def double(x):
                return x + x

            double(tf.ones([2]))
            """,
            line=6,
            certain=True,
            message="`double` is a tf.function (@tf.function), but may run eagerly because of "
            "tf.config.run_functions_eagerly(True) (train.py:3)",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        @tf.function
        def double(x):
            return x + x

        tf.config.run_functions_eagerly(True)
        print(double(tf.ones([2])))
        tf.config.run_functions_eagerly(False)
        double(tf.ones([2]))
        """,
    )

    def judge(self, case: Case) -> Judgement | None:
        """Which switch may make a `tf.function` run eagerly."""
        code = case.code
        if case.is_new or code.switched is None:
            return None
        how = f"{case.name} is a tf.function ({code.hybrid})"
        return Judgement(f"{how}, but may run eagerly because of {code.switched}")
