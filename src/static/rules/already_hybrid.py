"""HYB600."""

from __future__ import annotations

from ...records import AssumptionKind
from .rule import Move, Polarity, Rule


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
    polarity = Polarity.REFUSES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        """
        import tensorflow as tf

        @tf.function
        def double(x):
            return x + x

        double(tf.ones([2]))
        """,
        """
        import tensorflow as tf

        def double(x):
            return x + x

        fast = tf.function(double)
        fast(tf.ones([2]))
        """,
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
