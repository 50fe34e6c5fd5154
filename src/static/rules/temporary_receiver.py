"""HYB214."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.escape import receiver_of
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import AttributeLoad, Call
from ..ir.values import Instance
from .rule import Example, Group, Move, Polarity, Rule


class TemporaryReceiver(Rule):
    """
    ## What it does

    Finds methods that are called on an object made for that call: `Agent().learn(x)`.

    ## Why is this bad

    A decorated method holds its object by a weak reference. Nothing else holds this one, so `self` is None by the time
    that the function is traced: `AttributeError: 'NoneType' object has no attribute …`. An object of a library's class
    may be held by others, as a Keras model is by its layers: that is a doubt, which a run settles.

    ## What to do

    Keep the object in a name: `agent = Agent()`, then `agent.learn(x)`.
    """

    code = "HYB214"
    title = "is called on an object that nothing keeps"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    INVALID = (
        Example(
            """
            import tensorflow as tf

            class Agent:
                def __init__(self):
                    self.scale = 2.0

                def learn(self, x):
                    return tf.reduce_sum(x) * self.scale

            Agent().learn(tf.ones([2]))
            """,
            line=7,
            certain=True,
            message="`Agent.learn` is called on an object that is not kept after the call (train.py:10)",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        class Agent:
            def __init__(self):
                self.scale = 2.0

            def learn(self, x):
                return tf.reduce_sum(x) * self.scale

        agent = Agent()
        agent.learn(tf.ones([2]))
        """,
    )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        code = view.code
        if not code.takes_self or code.kind != "method" or not code.parameters:
            return
        receiver = code.parameters[0].node
        if not any(isinstance(event, AttributeLoad) and event.base is receiver for event in code.events):
            return
        for call, binding in code.callers:
            if binding.mode == "call" and _is_temporary(call):
                place = f"{call.owner.module.file}:{call.place & 0xFFFFFF}"
                yield view.hazard(
                    self.code,
                    f"is called on an object that is not kept after the call ({place})",
                    code.node.place,
                    not (code.owner_class is not None and code.owner_class.external_bases),
                    self.assumption,
                    "self",
                    transitive=False,
                )
                return


def _is_temporary(call: Call) -> bool:
    """Whether the receiver is the result of a constructor, used nowhere else."""
    receiver = receiver_of(call)
    made = receiver.origin if receiver is not None else None
    return (
        isinstance(made, Call)
        and made.place == call.place
        and bool(made.methods)
        and all(isinstance(value, Instance) and name == "__init__" for value, name in made.methods)
        and made.result.successors is None
    )
