"""HYB505."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Event, Iteration
from ..ir.values import Box
from .rule import Example, Group, Move, Polarity, Rule
from .unrolled_loop import loop_computes


class DataLoop(Rule):
    """
    ## What it does

    Finds functions that loop over a dataset and compute inside the loop.

    ## Why it matters

    The whole epoch becomes one graph with a loop in it. That is slower than a compiled step in a Python loop,
    allows no Python code between the steps, and is hard to debug.

    ## What to do

    Move the step into its own function and trace that.
    """

    code = "HYB505"
    title = "contains a loop over a dataset"
    group = Group.BENEFIT
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.BOUNDED_TRACES
    events = (Iteration,)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            w = tf.Variable(1.0)

            def train(data):
                for x in data:
                    w.assign_add(tf.reduce_sum(tf.cast(x, tf.float32)))

            train(tf.data.Dataset.range(3))
            """,
            line=6,
            certain=True,
            message="`train` contains a loop over a dataset",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        w = tf.Variable(1.0)

        def step(x):
            w.assign_add(tf.reduce_sum(tf.cast(x, tf.float32)))

        for x in tf.data.Dataset.range(3):
            step(x)
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Iteration)
        if event.context != "for" or not _over_data(event.iterable, 0):
            return
        if loop_computes(view, event):
            yield view.hazard(
                self.code, "contains a loop over a dataset", event, True, self.assumption, "loop"
            )


def _over_data(node: object, depth: int) -> bool:
    """Whether an iterable is a dataset, or ``enumerate``, ``zip`` or the like of one."""
    values = node.values  # type: ignore[attr-defined]
    if any(isinstance(value, Box) and value.kind in ("dataset", "stream") for value in values):
        return True
    origin = node.origin  # type: ignore[attr-defined]
    if depth < 3 and getattr(origin, "path", None) in (
        "builtins.enumerate",
        "builtins.zip",
        "tqdm.tqdm",
        "builtins.iter",
    ):
        return any(_over_data(argument, depth + 1) for argument in origin.arguments)
    return False
