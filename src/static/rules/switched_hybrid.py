"""HYB604."""

from __future__ import annotations

from ...records import AssumptionKind
from .rule import Move, Polarity, Rule


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
    polarity = Polarity.REFUSES
    move = Move.YOURS
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        """
        import tensorflow as tf

        tf.config.run_functions_eagerly(True)

        @tf.function
        def double(x):
            return x + x

        double(tf.ones([2]))
        """,
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
