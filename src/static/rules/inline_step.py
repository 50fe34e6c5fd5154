"""HYB511."""

from __future__ import annotations

from ...records import AssumptionKind
from ..facts.view import name_of
from ..ir.code import FunctionCode
from .rule import Example, Group, Move, Polarity, Rule


class InlineStep(Rule):
    """
    ## What it does

    Finds training steps that are written inside a loop or a larger function and that can't be moved into their own
    function: a statement inside the step must run in Python, leaves the loop, or binds a name that another function
    reads.

    ## Why it matters

    Only a function can become a graph. Until the step is a function, the script trains eagerly.

    ## What to do

    Move the statement that the message names before the tape or after the update, or move the step into a function
    yourself.
    """

    code = "HYB511"
    title = "contains a training step that can't become a function"
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
            message="the script trains on lines 8 to 12, which can't become a function: `time.time()` "
            "inside it must run in Python",
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
    return f"{name_of(code)} trains {on_lines(first, last)}, which can't become a function: {reason}"


def on_lines(first: int, last: int) -> str:
    """The lines of statements, as a phrase."""
    return f"on line {first}" if first == last else f"on lines {first} to {last}"
