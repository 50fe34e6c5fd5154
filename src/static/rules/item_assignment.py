"""HYB212."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Event, ItemStore
from ..ir.values import ARRAY, Box
from .rule import Example, Group, Move, Polarity, Rule


class ItemAssignment(Rule):
    """
    ## What it does

    Finds item assignments on an argument that is an array or a tensor: `x[0] = 1`.

    ## Why it matters

    Inside a `tf.function` an array argument is a tensor, and tensors do not support item assignment.

    ## What to do

    Use `tf.tensor_scatter_nd_update`, or change the array outside of the function.
    """

    code = "HYB212"
    title = "assigns an item of a tensor"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    events = (ItemStore,)
    INVALID = (
        Example(
            """
            import numpy as np
            import tensorflow as tf

            def step(x):
                x[0] = 1.0
                return tf.reduce_sum(x)

            step(np.ones([2]))
            """,
            line=5,
            certain=True,
            message="`step` assigns an item of a tensor",
        ),
    )
    VALID = (
        """
        import numpy as np
        import tensorflow as tf

        def step(x):
            mask = np.zeros([2])
            mask[0] = 1.0
            return tf.reduce_sum(x * mask)

        step(np.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, ItemStore)
        if any(isinstance(value, Box) for value in event.base.values):
            return
        traced = view.traced(event.base)
        sources = view.sources(event.base)
        if traced is False or not sources or (traced is None and ARRAY not in event.base.values):
            return
        yield view.hazard(
            self.code,
            "assigns an item of a tensor",
            event,
            traced is True,
            self.assumption,
            "item",
            parameter=min(sources, default=None),
            when="traced",
            asked=event.base,
        )
