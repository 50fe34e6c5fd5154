"""HYB604."""

from __future__ import annotations

from ...records import AssumptionKind
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


class SwitchedHybrid(Rule):
    """
    ## What it does

    Finds functions that are already a `tf.function` but may run eagerly, because the script calls
    `tf.config.run_functions_eagerly(True)` and never sets it back to `False`. The message names the line.

    ## Why it matters

    The setting is meant for debugging. If it is left on, the decorators have no effect: Python dispatches every
    operation again, which is often several times slower.

    ## What to do

    Remove the line. `optimize` tries this on the script's own run, measures it and writes it as an edit.
    """

    code = "HYB604"
    title = "is a tf.function that a setting may run eagerly"
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
        """Judge a `tf.function` that a switch may make run eagerly."""
        code = case.code
        if case.is_new or code.switched is None:
            return None
        how = f"{case.name} is a tf.function ({code.hybrid})"
        return Judgement(f"{how}, but may run eagerly because of {code.switched}")
