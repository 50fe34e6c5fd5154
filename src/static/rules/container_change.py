"""HYB105."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event, ItemStore, Operation
from ..ir.engine import kind_of
from ..ir.solver import Node
from ..ir.values import ARRAY, INTEGER, NONE, SCALARS, TENSORS, Box, External, Module, Thing
from ..libraries.method_effects import effect_of
from .rule import Example, Group, Move, Polarity, Rule


class OutlivingContainerChange(Rule):
    """
    ## What it does

    Finds changes to a list, dict, set, deque or array that still exists after the call: `append`, `update`, `pop`,
    `x[i] = …`, `del x[i]`, `x += […]`. Globals, attributes, closures and arguments count, also when a callee
    changes them. Containers created by the call itself do not count.

    ## Why it matters

    A graph executes the change once per trace. The list receives one symbolic tensor, and the next use of it fails
    with "out of scope". Changing an argument raises an error during tracing.

    ## What to do

    Return the values and collect them outside of the function. Inside a graph, use a `tf.TensorArray` or a
    `tf.Variable`.
    """

    code = "HYB105"
    title = "mutates a container that outlives the call"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.NO_EFFECT
    events = (ItemStore, Operation)
    topics = ("mutates",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            losses = []

            def step(x):
                loss = tf.reduce_sum(x)
                losses.append(loss)
                return loss

            step(tf.ones([2]))
            """,
            line=7,
            certain=True,
            message="`step` calls `append` on `losses`, which outlives the call",
        ),
        Example(
            """
            import tensorflow as tf

            def remember(cache, key, value):
                cache[key] = value

            class Trainer:
                def __init__(self):
                    self.cache = {}

                def step(self, x):
                    remember(self.cache, "last", 3)
                    return tf.reduce_sum(x)

            Trainer().step(tf.ones([2]))
            """,
            line=11,
            certain=True,
            message="`remember` assigns an item of `cache`, which outlives the call",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x):
            parts = []
            for scale in (1.0, 2.0):
                parts.append(x * scale)
            return tf.add_n(parts)

        step(tf.ones([2]))
        """,
        """
        import tensorflow as tf

        def collect(parts, value):
            parts.append(value)

        def step(x):
            parts = []
            collect(parts, x)
            return tf.add_n(parts)

        step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        if isinstance(event, ItemStore):
            target, verb, certain = event.base, "assigns an item of", view.is_known(event.base)
            certain = certain and not any(value in TENSORS for value in target.values)
            if self._is_tensor(target):
                return
        elif isinstance(event, Operation):
            if not event.in_place:
                return
            target, verb, certain = event.operands[0], "adds in place to", True
            values = target.values
            if not any((isinstance(value, Box) and value.kind != "tuple") or value is ARRAY for value in values):
                return
            if any(value in TENSORS or value in SCALARS for value in values):
                certain = False
            if ARRAY in values and view.traced(target) is not False:
                certain = False
        else:
            assert isinstance(event, Call)
            receiver = view.receiver(event)
            if receiver is None or event.attribute is None:
                return
            target, verb = receiver, f"calls `{event.attribute}` on"
            certain = self._certain(view, event, receiver)
            if any(isinstance(value, (Module, External)) for value in receiver.values):
                return
        certain = certain and not view.memoizes(event.guard, target)
        for parameter, name in view.keepers(target):
            yield view.hazard(
                self.code,
                f"{verb} `{name}`, which outlives the call",
                event,
                certain,
                self.assumption,
                name,
                True,
                parameter,
                "outlives",
            )

    def _is_tensor(self, node: Node) -> bool:
        return bool(node.values) and all(value in TENSORS or value is INTEGER for value in node.values)

    def _certain(self, view: View, call: Call, receiver: Node) -> bool:
        return view.is_known(receiver) and all(
            effect_of(kind_of(value), call.attribute or "") == "mutates" and not isinstance(value, Thing)
            for value in receiver.values
            if value is not NONE
        )
