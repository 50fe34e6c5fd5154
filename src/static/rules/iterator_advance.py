"""HYB106."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from ..ir.values import UNKNOWN, Box
from .rule import Example, Group, Move, Polarity, Rule


class IteratorAdvance(Rule):
    """
    ## What it does

    Finds `next(…)` on a Python iterator or generator that outlives the call. The iterator of a `tf.data` dataset is
    fine: TensorFlow keeps its position.

    ## Why it matters

    The iterator advances once per trace. Every later call sees the first element again.

    ## What to do

    Take the next element outside of the function and pass it in, or iterate over a `tf.data.Dataset`.
    """

    code = "HYB106"
    title = "advances a Python iterator that outlives the call"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.NO_EFFECT
    topics = ("next",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(batches):
                return tf.reduce_sum(next(batches))

            step(iter([tf.ones([2]), tf.zeros([2])]))
            """,
            line=4,
            certain=True,
            message="`step` advances the iterator `batches`",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(batches):
            return tf.reduce_sum(next(batches))

        step(iter(tf.data.Dataset.range(3)))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        if not event.arguments:
            return
        source = event.arguments[0]
        known = [value for value in source.values if value is not UNKNOWN]
        if known and all(isinstance(value, Box) and value.kind in ("stream", "dataset") for value in known):
            return
        # An unknown object may be a dataset's iterator, whose state is in TensorFlow.
        certain = view.is_known(source) and not any(
            isinstance(value, Box) and value.kind in ("stream", "dataset") for value in known
        )
        for parameter, name in view.keepers(source):
            yield view.hazard(
                self.code,
                f"advances the iterator `{name}`",
                event,
                certain,
                self.assumption,
                name,
                certain,
                parameter,
                "outlives",
            )
