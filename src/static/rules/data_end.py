"""HYB216."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.handlers import where_handled
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from ..ir.values import UNKNOWN, Box
from .rule import Example, Group, Move, Polarity, Rule

#: Handlers of these also handle the error with which a graph ends.
_BROAD = frozenset({"OutOfRangeError", "OpError", "Exception", "BaseException"})


class DataEnd(Rule):
    """
    ## What it does

    Finds `next(…)` on the iterator of a dataset if a `try` around the call, or around a call of the function, handles
    `StopIteration` and not the error of a graph.

    ## Why it matters

    At the end of the data, `next` raises `StopIteration` in eager code. In a graph the same line raises
    `tf.errors.OutOfRangeError`, which the handler does not catch: the script ends after its first epoch. A run that is
    shorter than an epoch does not show it.

    ## What to do

    Take the next element outside of the function and pass it in, or handle both:
    `except (StopIteration, tf.errors.OutOfRangeError):`.
    """

    code = "HYB216"
    title = "ends with another error in a graph"
    group = Group.TRACING
    polarity = Polarity.REFUSES
    move = Move.YOURS
    assumption = AssumptionKind.SAME_RESULT
    topics = ("next",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(batches):
                return tf.reduce_sum(next(batches))

            batches = iter(tf.data.Dataset.range(3).batch(2))
            while True:
                try:
                    step(batches)
                except StopIteration:
                    break
            """,
            line=4,
            certain=True,
            message="`step` ends with `StopIteration` at the end of the data, which is handled at train.py:9; a graph "
            "raises `tf.errors.OutOfRangeError`",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(batches):
            return tf.reduce_sum(next(batches))

        batches = iter(tf.data.Dataset.range(3).batch(2))
        while True:
            try:
                step(batches)
            except (StopIteration, tf.errors.OutOfRangeError):
                break
        """,
        """
        import tensorflow as tf

        def step(x):
            return tf.reduce_sum(x)

        batches = iter(tf.data.Dataset.range(3).batch(2))
        while True:
            try:
                step(next(batches))
            except StopIteration:
                break
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        if len(event.arguments) != 1:  # with a default, nothing is raised
            return
        known = [value for value in event.arguments[0].values if value is not UNKNOWN]
        if not all(isinstance(value, Box) and value.kind in ("stream", "dataset") for value in known):
            return
        place = where_handled(event.owner, event.place, {"StopIteration"}, _BROAD)
        if place is not None:
            message = (
                f"ends with `StopIteration` at the end of the data, which is handled at {place}; a graph raises "
                "`tf.errors.OutOfRangeError`"
            )
            yield view.hazard(self.code, message, event, True, self.assumption, "next")
