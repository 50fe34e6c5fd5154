"""HYB301."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.topics import CREATED_KINDS
from ..facts.view import View
from ..ir.code import Call, Event
from ..ir.engine import kind_of
from ..libraries.method_effects import effect_of
from .rule import Example, Group, Move, Polarity, Rule


class VariableCreation(Rule):
    """
    ## What it does

    Finds functions that create variables, layers, models, optimizers or metrics.

    ## Why it matters

    A `tf.function` may create variables only in its first call. Creating them in every call raises `tf.function
    only supports singleton tf.Variables created on the first call`, or discards what was learned.

    ## What to do

    Create them once, outside of the function or in `__init__`, and use them in the function.
    """

    code = "HYB301"
    title = "creates variables, layers or optimizers"
    group = Group.KERAS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.NO_CREATION
    topics = ("creates",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(x):
                w = tf.Variable(1.0)
                return tf.reduce_sum(x) * w

            step(tf.ones([2]))
            """,
            line=4,
            certain=True,
            message="`step` creates tensorflow.Variable",
        ),
        Example(
            """
            import tensorflow as tf

            def features(x):
                return tf.keras.layers.Dense(3)(x)

            features(tf.ones([2, 2]))
            """,
            line=4,
            certain=True,
            message="`features` creates keras.layers.Dense",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        w = tf.Variable(1.0)

        def step(x):
            loss = tf.keras.losses.MeanSquaredError()
            return loss(x, x * w)

        step(tf.ones([2, 2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        path = next(iter(event.externals), None)
        if path is None:
            made = [r for r, name in event.methods if name == "__init__" and kind_of(r) in CREATED_KINDS]
            if made:
                receiver = made[0]
                name = repr(receiver).removesuffix(" object")
            else:
                name = event.attribute or "add_weight"
                if not any(effect_of(kind_of(r), method) == "creates" for r, method in event.methods):
                    return
        else:
            name = path
        sure = len(event.methods) + len(event.externals) == 1
        yield view.hazard(
            self.code, f"creates {name}", event, sure, self.assumption, name
        )
