"""HYB305."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.parameters import own_parameters
from ..facts.view import View
from ..ir.values import ARRAY, NONE, SYMBOLIC, TENSORS, UNKNOWN
from .rule import Example, Group, Move, Polarity, Rule


class SymbolicArgument(Rule):
    """
    ## What it does

    Finds functions that receive symbolic tensors of Keras, because a functional model is built from `keras.Input`.

    ## Why it matters

    A `tf.function` does not accept a symbolic tensor of Keras: the call raises an error. Such a function runs once,
    while the model is built, so there is nothing to gain.

    ## What to do

    Nothing. Trace the step that calls the finished model.
    """

    code = "HYB305"
    title = "receives symbolic tensors of Keras"
    group = Group.KERAS
    polarity = Polarity.ASSUMES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.ARGUMENT_TYPE
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def block(x):
                return x * 2

            inputs = tf.keras.Input([4])
            model = tf.keras.Model(inputs, block(inputs))
            """,
            line=3,
            certain=True,
            message="parameter `x` receives a symbolic tensor of Keras",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def block(x):
            return tf.abs(x)

        inputs = tf.keras.Input([4])
        model = tf.keras.Model(inputs, tf.keras.layers.Dense(2)(inputs))
        block(model(tf.ones([2, 4])))
        """,
    )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        for _, parameter in own_parameters(view.code):
            values = parameter.node.values
            if SYMBOLIC not in values:
                continue
            others = [
                value
                for value in values
                if value is not SYMBOLIC and (value in TENSORS or value is ARRAY or value is UNKNOWN)
            ]
            yield view.hazard(
                self.code,
                f"parameter `{parameter.name}` receives a symbolic tensor of Keras",
                view.code.node.place,
                not others,
                self.assumption,
                parameter.name,
                transitive=False,
                whole=True,
            )
            return


__all__ = ["NONE", "SymbolicArgument"]
