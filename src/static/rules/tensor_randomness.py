"""HYB115."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from .rule import Example, Group, Move, Polarity, Rule


class TensorRandomness(Rule):
    """
    ## What it does

    Finds operations that draw random numbers in TensorFlow: `tf.random`, dropout.

    ## Why it matters

    It is not a problem, but with the same seed a graph draws different numbers than eager code. Results are
    comparable only if both draw from the same random stream.

    ## What to do

    Nothing: a run compares both versions on the same random stream. If both must draw the same numbers, use
    `tf.random.stateless_*`.
    """

    code = "HYB115"
    title = "draws random numbers in TensorFlow"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.SAME_RESULT
    topics = ("draws",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def noisy(x):
                return x + tf.random.normal([2])

            noisy(tf.ones([2]))
            """,
            line=4,
            certain=False,
            message="`noisy` draws random numbers with `tensorflow.random.normal`",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def calm(x):
            return x + 1.0

        calm(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        name = next(iter(event.externals), None) or "dropout"
        yield view.hazard(
            self.code, f"draws random numbers with `{name}`", event, False, self.assumption, name
        )
