"""HYB509."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from .rule import Example, Group, Move, Polarity, Rule


class RowByRowPrediction(Rule):
    """
    ## What it does

    Finds `model.predict` called in a loop.

    ## Why it matters

    `predict` prepares a data pipeline in every call. For one row at a time this costs many times more than the
    model itself, and a graph does not remove that cost.

    ## What to do

    Call the model directly (`model(x, training=False)`) in a function that can become a graph, or predict all rows
    at once.
    """

    code = "HYB509"
    title = "calls predict in a loop"
    group = Group.BENEFIT
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    topics = ("fit",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(2)])

            def play(rows):
                for row in rows:
                    tf.print(model.predict(row))

            play([tf.ones([1, 2])])
            """,
            line=7,
            certain=False,
            message="`play` calls `predict` in a loop, and each call prepares a new input pipeline",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        model = tf.keras.Sequential([tf.keras.layers.Dense(2)])

        def play(rows):
            for row in rows:
                tf.print(model(row, training=False))

        play([tf.ones([1, 2])])
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        if event.attribute not in ("predict", "predict_on_batch") or not event.in_loop:
            return
        yield view.hazard(
            self.code,
            f"calls `{event.attribute}` in a loop, and each call prepares a new input pipeline",
            event,
            False,
            self.assumption,
            event.attribute,
            transitive=False,
        )
