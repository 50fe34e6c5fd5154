"""HYB502."""

from __future__ import annotations

from ...records import AssumptionKind
from .rule import Move, Polarity, Rule


class Covered(Rule):
    """
    ## What it does

    Finds functions whose every caller is graph code already: a `tf.function`, a function that only such
    functions call, a dataset's `map`, Keras' `fit`.

    ## Why is this bad

    The function is part of its caller's graph. A decorator of its own gains nothing.

    ## What to do

    Nothing.
    """

    code = "HYB502"
    title = "runs as graph code already"
    polarity = Polarity.REFUSES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        """
        import tensorflow as tf

        def inner(x):
            return tf.reduce_sum(x)

        @tf.function
        def outer(x):
            return inner(x) * 2.0

        outer(tf.ones([2]))
        """,
        """
        import tensorflow as tf

        def scale(x):
            return tf.cast(x, tf.float32) / 255.0

        dataset = tf.data.Dataset.range(3).map(scale)
        """,
    )
    VALID = (
        """
        import tensorflow as tf

        def mixed(x):
            return tf.reduce_sum(x)

        @tf.function
        def outer(x):
            return mixed(x)

        outer(tf.ones([2]))
        mixed(tf.ones([2]))
        """,
    )
