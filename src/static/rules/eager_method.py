"""HYB201."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from ..ir.engine import kind_of
from ..ir.values import UNKNOWN
from ..libraries.method_effects import EAGER_METHODS, effect_of
from .rule import Example, Group, Move, Polarity, Rule


class EagerMethod(Rule):
    """
    ## What it does

    Finds code that needs the value of a tensor in Python: `.numpy()`, `.item()` or `.tolist()` on an argument,
    `get_weights()`, `K.get_value`.

    ## Why it matters

    A symbolic tensor has no value. Tracing raises `AttributeError` or `NotImplementedError`.

    ## What to do

    Return the tensor, and read its value outside of the function.
    """

    code = "HYB201"
    title = "reads a tensor's value"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    topics = ("eager",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(x):
                return tf.reduce_mean(x).numpy()

            step(tf.ones([2]))
            """,
            line=4,
            certain=True,
            message="`step` reads a tensor's value with `numpy()`",
        ),
        Example(
            """
            import tensorflow as tf

            def value_of(x):
                return x.numpy()

            def step(x):
                return value_of(tf.reduce_mean(x)) + tf.reduce_sum(x)

            step(tf.ones([2]))
            """,
            line=7,
            certain=True,
            message="`value_of` reads a tensor's value with `numpy()`",
        ),
    )
    VALID = (
        """
        import numpy as np
        import tensorflow as tf

        def step(x):
            scale = np.float32(2.0).item()
            return tf.reduce_mean(x) * scale

        step(tf.ones([2])).numpy()
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        path = next(iter(event.externals), None)
        if path is not None and not event.methods:
            yield view.hazard(
                self.code, f"reads a value with `{path}`", event, True, self.assumption, path
            )
            return
        name = event.attribute or next((name for _, name in event.methods), "numpy")
        receivers = [receiver for receiver, method in event.methods if method == name]
        telling = [value for value in receivers if effect_of(kind_of(value), name) == "eager"]
        if telling:
            certain = len(telling) == len([value for value in receivers if value is not UNKNOWN])
        else:
            certain = name in EAGER_METHODS and not receivers
        yield view.hazard(
            self.code, f"reads a tensor's value with `{name}()`", event, certain, self.assumption, name
        )
