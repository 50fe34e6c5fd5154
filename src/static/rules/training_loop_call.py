"""HYB205."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from ..libraries.method_effects import FIT_METHODS
from .rule import Example, Group, Move, Polarity, Rule


class TrainingLoopCall(Rule):
    """
    ## What it does

    Finds calls of Keras' `fit`, `evaluate`, `predict`, `train_on_batch` and similar methods.

    ## Why it matters

    Each of these creates and runs its own graphs. Inside a `tf.function` the call raises `Detected a call to
    Model.predict inside a tf.function`.

    ## What to do

    Inside a step, call the model itself (`model(x, training=False)`). In a loop over single rows this is also many
    times faster than `model.predict`.
    """

    code = "HYB205"
    title = "calls fit, evaluate or predict"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    topics = ("fit",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(2)])

            def score(x):
                return tf.reduce_sum(model.predict(x))

            score(tf.ones([2, 2]))
            """,
            line=6,
            certain=True,
            message="`score` calls `predict`, which runs graphs of its own",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        class Estimator:
            def predict(self, x):
                return tf.reduce_sum(x)

        def score(estimator, x):
            return estimator.predict(x)

        score(Estimator(), tf.ones([2, 2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        name = event.attribute or "fit"
        if name not in FIT_METHODS:
            name = next((method for _, method in event.methods if method in FIT_METHODS), name)
        certain = bool(event.methods) and len(event.methods) == len(event.methods) and not event.unknown
        yield view.hazard(
            self.code, f"calls `{name}`, which runs graphs of its own", event, certain, self.assumption, name
        )
