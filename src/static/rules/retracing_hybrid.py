"""HYB603."""

from __future__ import annotations

from ...records import AssumptionKind
from .rule import Move, Polarity, Rule


class RetracingHybrid(Rule):
    """
    ## What it does

    Finds functions that are a `tf.function` already and are given Python numbers which change.

    ## Why is this bad

    Every new number is traced anew.

    ## What to do

    Pass tensors, or give the function an `input_signature` or `reduce_retracing=True`.
    """

    code = "HYB603"
    title = "is a tf.function that is traced for every number"
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.BOUNDED_TRACES
    INVALID = (
        """
        import tensorflow as tf

        @tf.function
        def step(x, i):
            return tf.reduce_sum(x) * i

        for i in range(100):
            step(tf.ones([2]), i)
        """,
    )
    VALID = (
        """
        import tensorflow as tf

        @tf.function
        def step(x):
            return tf.reduce_sum(x)

        for i in range(100):
            step(tf.ones([2]))
        """,
    )
