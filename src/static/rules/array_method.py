"""HYB213."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import AttributeLoad, Event
from ..ir.values import ARRAY, TENSORS, Instance
from .rule import Example, Group, Move, Polarity, Rule

#: Methods and attributes of an array that a tensor does not have.
_ARRAY_ONLY = frozenset(
    {
        "T",
        "all",
        "any",
        "argmax",
        "argmin",
        "argsort",
        "astype",
        "clip",
        "copy",
        "cumsum",
        "dot",
        "fill",
        "flat",
        "flatten",
        "item",
        "max",
        "mean",
        "min",
        "nonzero",
        "prod",
        "ravel",
        "repeat",
        "reshape",
        "round",
        "size",
        "sort",
        "squeeze",
        "std",
        "sum",
        "swapaxes",
        "take",
        "tobytes",
        "tolist",
        "transpose",
        "var",
    }
)


class ArrayMethod(Rule):
    """
    ## What it does

    Finds methods and attributes of NumPy arrays (`x.sum()`, `x.astype(…)`, `x.T`) used on an argument.

    ## Why it matters

    Inside a `tf.function` an array argument is a tensor. A tensor does not have these methods, so tracing raises
    `AttributeError`.

    ## What to do

    Use the TensorFlow function instead (`tf.reduce_sum`, `tf.cast`, `tf.transpose`), or compute the value before
    the call.
    """

    code = "HYB213"
    title = "uses a NumPy array method on an argument"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    events = (AttributeLoad,)
    INVALID = (
        Example(
            """
            import numpy as np
            import tensorflow as tf

            def step(x):
                return tf.reduce_sum(x) / x.mean()

            step(np.ones([2]))
            """,
            line=5,
            certain=True,
            message="`step` uses the array attribute `mean`, which tensors do not have",
        ),
    )
    VALID = (
        """
        import numpy as np
        import tensorflow as tf

        table = np.ones([2])

        def step(x):
            return tf.reduce_sum(x) / table.mean() + x.shape[0]

        step(np.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, AttributeLoad)
        if event.attribute not in _ARRAY_ONLY:
            return
        values = event.base.values
        if any(isinstance(value, Instance) for value in values):
            return
        sources = view.sources(event.base)
        if not sources or not any(value is ARRAY or value in TENSORS for value in values):
            return
        if view.traced(event.base) is not True:
            return
        certain = all(value is ARRAY for value in values)
        yield view.hazard(
            self.code,
            f"uses the array attribute `{event.attribute}`, which tensors do not have",
            event,
            certain,
            self.assumption,
            event.attribute,
            parameter=min(sources, default=None),
            when="traced",
        )
