"""HYB306."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.parameters import own_parameters
from ..facts.view import View
from ..ir.solver import LINES
from .rule import Example, Group, Move, Polarity, Rule


class RenewedArgument(Rule):
    """
    ## What it does

    Finds parameters that receive a model, a layer, an optimizer or a metric (or an object that holds one) when the
    script creates several of them: in a loop, or in a function that is called in a loop, such as one call per fold
    of a cross-validation.

    ## Why it matters

    A second object causes a retrace. If variables are created in that trace, tracing raises an error, because a
    `tf.function` may create variables only in its first call. An optimizer creates its slot variables in its first
    update, and a model creates its weights in its first call.

    ## What to do

    Define the function where the object is created, so that each object has its own `tf.function`, or make it a
    method of an object that owns the model and the optimizer.
    """

    code = "HYB306"
    title = "receives a different model or optimizer later"
    group = Group.KERAS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.SAME_OBJECT
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(model, optimizer, x):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(model(x) ** 2)
                weights = model.trainable_variables
                optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
                return loss

            def train_fold(x):
                model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
                optimizer = tf.keras.optimizers.Adam()
                for _ in range(5):
                    step(model, optimizer, x)

            for fold in range(5):
                train_fold(tf.ones([4, 2]))
            """,
            line=3,
            certain=False,
            message="parameter `model` receives an object that owns variables, and later a different one (train.py:11)",
        ),
        Example(
            """
            import tensorflow as tf

            class Net(tf.Module):
                def __init__(self):
                    self.w = tf.Variable(1.0)

                def __call__(self, x):
                    return x * self.w

            def step(net, x):
                return tf.reduce_sum(net(x))

            nets = [Net() for _ in range(3)]
            for net in nets:
                step(net, tf.ones([2]))
            """,
            line=10,
            certain=False,
            message="parameter `net` receives an object that owns variables, and later a different one (train.py:13)",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def build():
            return tf.keras.Sequential([tf.keras.layers.Dense(1)])

        def step(model, optimizer, x):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(x) ** 2)
            optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
            return loss

        def main():
            model, optimizer = build(), tf.keras.optimizers.Adam()
            for _ in range(5):
                step(model, optimizer, tf.ones([4, 2]))

        main()
        """,
        """
        import tensorflow as tf

        def train_fold(x):
            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])

            def step(net, x):
                return tf.reduce_sum(net(x))

            for _ in range(5):
                step(model, x)

        for fold in range(5):
            train_fold(tf.ones([4, 2]))
        """,
    )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        if view.code.name == "__init__":
            return
        for index, parameter in own_parameters(view.code):
            if parameter.kind not in ("positional", "keyword"):
                continue
            site = view.facts.allocations.renewed(view.code, index)
            if site is None:
                continue
            place = f"{site.owner.module.file}:{site.place % LINES}"
            receives = f"an object that owns variables, and later a different one ({place})"
            yield view.argument_doubt(self.code, parameter.name, receives, self.assumption)
