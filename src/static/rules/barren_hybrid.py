"""HYB602."""

from __future__ import annotations

from ...records import AssumptionKind
from .rule import Move, Polarity, Rule


class BarrenHybrid(Rule):
    """
    ## What it does

    Finds functions that are a `tf.function` already and run no TensorFlow operation.

    ## Why is this bad

    The decorator costs a trace and a dispatch and gives nothing.

    ## What to do

    Remove it.
    """

    code = "HYB602"
    title = "is a tf.function without tensor work"
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        """
        import tensorflow as tf

        @tf.function
        def same(x):
            return x

        same(tf.ones([2]))
        """,
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
