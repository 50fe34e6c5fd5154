"""HYB104."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import AttributeStore, Event
from ..ir.engine import kind_of
from ..ir.values import TENSORS, Thing
from .rule import Example, Group, Move, Polarity, Rule


class OutlivingAttributeStore(Rule):
    """
    ## What it does

    Finds attributes that are assigned or deleted on an object that still exists after the call, such as `self.steps
    += 1` or `config.rate = 0.1`. Assignments through callees, aliases and containers count too. Objects created by
    the call itself do not count.

    ## Why it matters

    A graph executes the assignment once per trace, not once per call. A counter stops counting. A cache keeps the
    value from the first trace.

    ## What to do

    Return the value and store it outside of the function, or keep it in a `tf.Variable` and use
    `self.steps.assign_add(1)`.
    """

    code = "HYB104"
    title = "assigns an attribute that outlives the call"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.NO_EFFECT
    events = (AttributeStore,)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            class Trainer:
                def __init__(self):
                    self.steps = 0

                def step(self, x):
                    self.steps += 1
                    return tf.reduce_sum(x)

            Trainer().step(tf.ones([2]))
            """,
            line=8,
            certain=True,
            message="`Trainer.step` assigns `self.steps`",
        ),
        Example(
            """
            import tensorflow as tf

            class Settings:
                pass

            settings = Settings()

            def note(target, value):
                target.last = value

            def step(x):
                note(settings, 1)
                return tf.reduce_sum(x)

            step(tf.ones([2]))
            """,
            line=12,
            certain=True,
            message="`note` assigns `target.last`",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        class Pair:
            left = None

        def step(x):
            pair = Pair()
            pair.left = x
            return tf.reduce_sum(pair.left)

        step(tf.ones([2]))
        """,
        """
        import tensorflow as tf

        class Trainer:
            def __init__(self):
                self.steps = tf.Variable(0)

            def step(self, x):
                self.steps.assign_add(1)
                return tf.reduce_sum(x)

        trainer = Trainer()
        trainer.step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, AttributeStore)
        if event.attribute == "built" and any(kind_of(value) in ("layer", "model") for value in event.base.values):
            # A flag of Keras, which every call sets to the same value.
            return
        certain = view.is_known(event.base) and not any(
            isinstance(value, Thing) or value in TENSORS for value in event.base.values
        )
        for parameter, name in view.keepers(event.base):
            subject = f"{name}.{event.attribute}"
            yield view.hazard(
                self.code,
                f"assigns `{subject}`" if event.value is not None else f"deletes `{subject}`",
                event,
                certain,
                self.assumption,
                subject,
                True,
                parameter,
                "outlives",
            )
