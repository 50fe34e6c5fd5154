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

    Finds methods that are called on an object created for that call only: `Agent().learn(x)`.

    ## Why it matters

    A decorated method holds only a weak reference to its object. Because no other reference exists, `self` is None
    when the function is traced: `AttributeError: 'NoneType' object has no attribute …`. An instance of a library
    class may have other references, as a Keras model has from its layers. A run checks that.

    ## What to do

    Keep the object in a name: `agent = Agent()`, then `agent.learn(x)`.
    """

    code = "HYB214"
    title = "is a method called on a temporary object"
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
    """Whether the receiver is the result of a constructor call, and is used nowhere else."""
    receiver = receiver_of(call)
    made = receiver.origin if receiver is not None else None
    return (
        isinstance(made, Call)
        and made.place == call.place
        and bool(made.methods)
        and all(isinstance(value, Instance) and name == "__init__" for value, name in made.methods)
        and made.result.successors is None
    )
