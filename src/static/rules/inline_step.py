"""HYB511."""

from __future__ import annotations

from ...records import AssumptionKind
from .rule import Move, Polarity, Rule


class InlineStep(Rule):
    """
    ## What it does

    Finds training steps that stand among other statements, in a loop or in a function that does other work as
    well, and that can't become a function of their own as they are: something in the middle of the step must run in
    Python, leaves the loop, or binds a name that another function reads.

    ## Why is this bad

    Only a function can be a graph. Where the step is none, the script trains eagerly.

    ## What to do

    Move what the message names in front of the tape or behind the update, or make the step a function yourself.
    """

    code = "HYB511"
    title = "a training step that can't become a function yet"
    polarity = Polarity.REFUSES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    INVALID = (
        """
        import time

        import tensorflow as tf

        w = tf.Variable(1.0)
        optimizer = tf.keras.optimizers.SGD()
        for x in tf.data.Dataset.range(3):
            with tf.GradientTape() as tape:
                loss = w * tf.cast(x, tf.float32)
            begun = time.time()
            gradient = tape.gradient(loss, w)
            optimizer.apply_gradients([(gradient, w)])
            print(time.time() - begun)
        """,
    )
    VALID = (
        """
        import tensorflow as tf

        w = tf.Variable(1.0)
        optimizer = tf.keras.optimizers.SGD()
        for x in tf.data.Dataset.range(3):
            with tf.GradientTape() as tape:
                loss = w * tf.cast(x, tf.float32)
            gradient = tape.gradient(loss, w)
            optimizer.apply_gradients([(gradient, w)])
            print(float(loss))
        """,
    )
