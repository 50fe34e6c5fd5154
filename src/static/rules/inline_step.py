"""HYB511."""

from __future__ import annotations

from ...records import AssumptionKind
from ..facts.view import name_of
from ..ir.code import FunctionCode
from .rule import Example, Group, Move, Polarity, Rule


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
    group = Group.BENEFIT
    polarity = Polarity.REFUSES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    INVALID = (
        Example(
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
            line=10,
            certain=True,
            message="the script trains on lines 8 to 12, which can't become a function: `time.time()` runs in Python"
            " in the middle of it",
        ),
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


def refusal(code: FunctionCode, first: int, last: int, reason: str) -> str:
    """Why the training step on these lines of a function can't become one, as a clause."""
    return f"{name_of(code)} trains on lines {first} to {last}, which can't become a function: {reason}"
