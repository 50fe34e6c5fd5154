"""HYB107."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import Keeper, View
from ..ir.code import AttributeStore, Call, Event, ItemStore, NameStore
from ..ir.program import Cell
from ..ir.solver import Node
from ..ir.values import VARIABLE
from .rule import Example, Group, Move, Polarity, Rule


class TensorLeak(Rule):
    """
    ## What it does

    Finds tensors that a call stores in a place that outlives it: on `self`, in a global, in a list or a cache.

    ## Why it matters

    The stored tensor is symbolic. The call itself succeeds. The *next eager read* of the stored tensor fails with
    "out of scope", far away from the cause.

    ## What to do

    Return the tensor and store it outside of the function, or `assign` it to a `tf.Variable`.
    """

    code = "HYB107"
    title = "stores a tensor that outlives the call"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.NO_EFFECT
    events = (AttributeStore, ItemStore, NameStore)
    topics = ("mutates",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            class Layer(tf.keras.layers.Layer):
                def call(self, x):
                    self.last = tf.nn.relu(x)
                    return self.last

            Layer()(tf.ones([2, 2]))
            """,
            line=5,
            certain=True,
            message="`Layer.call` stores a tensor in `self.last`",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        class Layer(tf.keras.layers.Layer):
            def call(self, x):
                last = tf.nn.relu(x)
                return last

        Layer()(tf.ones([2, 2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        target: Node | None
        value: Node | None
        if isinstance(event, Call):
            if event.attribute not in ("append", "add", "appendleft", "insert", "extend"):
                return
            target = view.receiver(event)
            value = event.arguments[-1] if event.arguments else None
        elif isinstance(event, NameStore):
            target, value = event.cell, event.value
        else:
            assert isinstance(event, (AttributeStore, ItemStore))
            target, value = event.base, event.value
        if target is None or value is None or VARIABLE in value.values:
            return
        if view.traced(value) is not True:
            return
        when = "outlives"
        if isinstance(event, NameStore):
            cell = target.origin
            when = "rebinds"
            keepers = [Keeper(cell if isinstance(cell, Cell) and not event.is_global else None, event.name)]
        else:
            keepers = view.keepers(target)
        for parameter, name in keepers:
            subject = f"{name}.{event.attribute}" if isinstance(event, AttributeStore) else name
            yield view.hazard(
                self.code,
                f"stores a tensor in `{subject}`",
                event,
                isinstance(event, NameStore) or view.is_known(target),
                self.assumption,
                subject,
                True,
                parameter,
                when,
            )
