"""HYB403."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Event, Operation
from ..ir.values import ARRAY, NUMBERS, TENSOR, UNKNOWN, VARIABLE
from .rule import Example, Group, Move, Polarity, Rule

_PROMOTING = frozenset({"Div", "FloorDiv", "Mod", "Pow", "Mult", "Add", "Sub"})


class MixedPrecision(Rule):
    """
    ## What it does

    Finds operators that combine an array argument with a tensor, a variable or a number.

    ## Why it matters

    In eager code TensorFlow converts the array to the dtype of the other operand. As an argument of a `tf.function`
    the array becomes a tensor of its own dtype first, so `float64` times `float32` raises an error. NumPy and
    TensorFlow also promote numbers differently: `uint8 / 255` is `float64` in NumPy and `float32` in TensorFlow.

    ## What to do

    Use `tf.cast`, or create the array as `np.float32`.
    """

    code = "HYB403"
    title = "mixes an array argument with tensors"
    group = Group.RESULTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    events = (Operation,)
    INVALID = (
        Example(
            """
            import numpy as np
            import tensorflow as tf

            v = tf.Variable(tf.zeros([2]))

            def scale(x):
                return tf.reduce_sum(v * x)

            scale(np.array([1.5, 2.5]))
            """,
            line=7,
            certain=False,
            message="`scale` combines an array argument with a tensor",
        ),
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
        """The hazard of the event, if it has one."""
        assert isinstance(event, Operation)
        if len(event.operands) != 2:
            return
        first, second = event.operands
        if event.name in _PROMOTING:
            for array, partner in ((first, second), (second, first)):
                numbers = any(value in NUMBERS for value in partner.values)
                if numbers and ARRAY in array.values and view.sources(array) and view.traced(array) is True:
                    yield view.hazard(
                        self.code,
                        "computes with an array that an argument brings and a number: NumPy and TensorFlow"
                        " may give it different types",
                        event,
                        False,
                        AssumptionKind.SAME_RESULT,
                        event.name,
                    )
                    return
        for array, partner in ((first, second), (second, first)):
            if ARRAY not in array.values or not any(
                value in (TENSOR, VARIABLE, UNKNOWN) for value in partner.values
            ):
                continue
            if view.sources(array):
                yield view.hazard(
                    self.code,
                    "combines an array argument with a tensor",
                    event,
                    False,
                    self.assumption,
                    event.name,
                )
                return
