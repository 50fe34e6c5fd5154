"""HYB403."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..code import Event, Operation
from ..hazards import Hazard
from ..values import ARRAY, TENSOR, UNKNOWN, VARIABLE
from ..views import View
from .rule import Move, Polarity, Rule


class MixedPrecision(Rule):
    """
    ## What it does

    Notes operators between an array that an argument brings and a tensor or variable.

    ## Why is this bad

    Eagerly, TensorFlow converts the array to the type of its partner. As an argument of a `tf.function` it is a
    tensor of its own type before it meets one: `float64` times `float32` raises.

    ## What to do

    `tf.cast` it, or make the array `np.float32`.
    """

    code = "HYB403"
    title = "mixes an array argument with tensors"
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    events = (Operation,)
    INVALID = (
        """
        import numpy as np
        import tensorflow as tf

        v = tf.Variable(tf.zeros([2]))

        def scale(x):
            return tf.reduce_sum(v * x)

        scale(np.array([1.5, 2.5]))
        """,
    )
    VALID = (
        """
        import tensorflow as tf

        v = tf.Variable(tf.zeros([2]))

        def scale(x):
            return tf.reduce_sum(v * x)

        scale(tf.constant([1.5, 2.5]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        assert isinstance(event, Operation)
        if len(event.operands) != 2:
            return
        first, second = event.operands
        for array, partner in ((first, second), (second, first)):
            if ARRAY not in array.values or not any(
                value in (TENSOR, VARIABLE, UNKNOWN) for value in partner.values
            ):
                continue
            if view.sources(array):
                yield view.hazard(
                    self.code,
                    "combines an array that an argument brings with a tensor",
                    event,
                    False,
                    self.assumption,
                    event.name,
                )
                return
