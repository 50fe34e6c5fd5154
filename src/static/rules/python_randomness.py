"""HYB108."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from .rule import Example, Group, Move, Polarity, Rule


class PythonRandomness(Rule):
    """
    ## What it does

    Finds random numbers drawn by Python or NumPy: `random`, `np.random`, their generator objects, `uuid`,
    `secrets`.

    ## Why it matters

    The number is drawn once, during tracing, and is a constant afterwards. For example, a GAN gets the same noise
    in every step, without any warning.

    ## What to do

    Draw with `tf.random`, or draw outside of the function and pass the numbers in as a tensor.
    """

    code = "HYB108"
    title = "draws random numbers in Python"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.STABLE
    topics = ("random",)
    INVALID = (
        Example(
            """
            import numpy as np
            import tensorflow as tf

            def noise(x):
                return np.random.normal(size=(2,))

            def step(x):
                return tf.reduce_sum(x + noise(x))

            step(tf.ones([2]))
            """,
            line=8,
            certain=True,
            message="`noise` draws random numbers with `numpy.random.normal()`; a graph would repeat the first ones",
        ),
        Example(
            """
            import random
            import tensorflow as tf

            def step(x):
                if random.random() < 0.5:
                    return tf.reduce_sum(x)
                return tf.reduce_max(x)

            step(tf.ones([2]))
            """,
            line=5,
            certain=True,
            message="`step` draws random numbers with `random.random()`; a graph would repeat the first ones",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x):
            return tf.reduce_sum(x + tf.random.normal([2]))

        step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        name = next(iter(event.externals), event.attribute or "a generator")
        yield view.hazard(
            self.code,
            f"draws random numbers with `{name}()`; a graph would repeat the first ones",
            event,
            True,
            self.assumption,
            name,
            effect=True,
        )
