"""HYB501."""

from __future__ import annotations

from ...records import AssumptionKind
from .rule import Move, Polarity, Rule


class NoTensorWork(Rule):
    """
    ## What it does

    Finds functions that run no TensorFlow operation, neither themselves nor through what they call.

    ## Why is this bad

    There is nothing that a graph could do faster. The call only gets the cost of a dispatch.

    ## What to do

    Nothing.
    """

    code = "HYB501"
    title = "does not compute with tensors"
    polarity = Polarity.REFUSES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        """
        import tensorflow as tf

        def same(x):
            return x

        same(tf.ones([2]))
        """,
    )
    VALID = (
        """
        import tensorflow as tf

        def double(x):
            return x + x

        double(tf.ones([2]))
        """,
    )
