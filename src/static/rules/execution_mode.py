"""HYB116."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event, Operation
from ..ir.values import ARRAY, TENSORS, Box
from .rule import Example, Group, Move, Polarity, Rule


class ExecutionMode(Rule):
    """
    ## What it does

    Finds code that tests how it runs or what it received: `tf.executing_eagerly()`, `isinstance(x, np.ndarray)` on
    an argument, `type(x)`, `x is y`.

    ## Why it matters

    The answer is different during tracing: for example, an array argument is a tensor. The function then takes a
    different path.

    ## What to do

    Test something that arrays and tensors share (`tf.is_tensor`, `x.dtype`), or test outside of the function.
    """

    code = "HYB116"
    title = "tests for eager execution or for types"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.SAME_RESULT
    topics = ("mode", "type")
    events = (Operation,)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(x):
                if tf.executing_eagerly():
                    return tf.reduce_sum(x)
                return tf.reduce_max(x)

            step(tf.ones([2]))
            """,
            line=4,
            certain=False,
            message="`step` tests `tensorflow.executing_eagerly`, whose result differs during tracing",
        ),
        Example(
            """
            import numpy as np
            import tensorflow as tf

            def step(x):
                if isinstance(x, np.ndarray):
                    x = tf.constant(x)
                return tf.reduce_sum(x)

            step(np.ones([2]))
            """,
            line=5,
            certain=False,
            message="`step` tests `isinstance`, whose result differs during tracing",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x, scale):
            if isinstance(scale, int):
                return tf.reduce_sum(x) * scale
            return tf.reduce_sum(x)

        step(tf.ones([2]), 2)
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        if isinstance(event, Operation):
            if event.name in ("Is", "IsNot") and any(view.traced(node) is True for node in event.operands):
                yield view.hazard(
                    self.code,
                    "tests whether two tensors are the same object",
                    event,
                    False,
                    self.assumption,
                    "is",
                )
            return
        assert isinstance(event, Call)
        path = next(iter(event.externals), "")
        if path in ("builtins.isinstance", "builtins.type"):
            if not event.arguments or not view.sources(event.arguments[0]):
                return
            values = event.arguments[0].values
            if not any(value in TENSORS or value is ARRAY for value in values):
                return
            if path == "builtins.isinstance" and not _asks_for_arrays(event):
                return
        yield view.hazard(
            self.code,
            f"tests `{path.removeprefix('builtins.')}`, whose result differs during tracing",
            event,
            False,
            self.assumption,
            path,
        )


def _asks_for_arrays(event: Call) -> bool:
    if len(event.arguments) < 2:
        return False
    values = list(event.arguments[1].values)
    for value in event.arguments[1].values:
        if isinstance(value, Box):
            values += [inner for node in value.fields.values() for inner in node.values]
    return any("numpy" in repr(value) or "Eager" in repr(value) for value in values)
