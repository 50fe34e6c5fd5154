"""HYB510."""

from __future__ import annotations

from ...records import AssumptionKind
from .rule import Move, Polarity, Rule


class RunOnce(Rule):
    """
    ## What it does

    Finds functions that are surely run once, or only where data and objects are set up: those that the script calls
    outside of its loops, those that only constructors call, and those that make a `tf.data.Dataset`. A training
    step, a function with a loop of its own, and a function that code outside of the project may call are none of these.

    ## Why is this bad

    Tracing takes longer than a call. It pays back over many calls only.

    ## What to do

    Nothing.
    """

    code = "HYB510"
    title = "is run once"
    polarity = Polarity.REFUSES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        """
        import tensorflow as tf

        def normalize(x):
            return (x - tf.reduce_mean(x)) / tf.math.reduce_std(x)

        def double(x):
            return x + x

        data = normalize(tf.random.normal([8, 3]))
        for row in data:
            double(row)
        """,
        """
        import tensorflow as tf

        class Mixture:
            def __init__(self, size):
                self.centres = self._spread(size)

            def _spread(self, size):
                return tf.linspace(0.0, 1.0, size) * 2.0

        Mixture(3)
        """,
        """
        import tensorflow as tf

        def batches(x):
            scaled = tf.cast(x, tf.float32) / 255.0
            return tf.data.Dataset.from_tensor_slices(scaled).batch(2)

        batches(tf.ones([8, 3]))
        """,
    )
    VALID = (
        """
        import tensorflow as tf

        def double(x):
            return x + x

        double(tf.ones([2]))
        """,
        """
        import tensorflow as tf

        def train_step(x):
            return tf.reduce_sum(x)

        def double(x):
            return x + x

        for row in tf.ones([2, 2]):
            double(row)
        train_step(tf.ones([2]))
        """,
    )
