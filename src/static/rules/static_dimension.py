"""HYB215."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.escape import receiver_of
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import AttributeLoad, Call, Event, ItemLoad, Unpacking
from ..ir.solver import Node
from ..ir.values import SHAPE
from .rule import Example, Group, Move, Polarity, Rule


class StaticDimension(Rule):
    """
    ## What it does

    Finds dimensions of an argument that are read from its static shape: `x.shape[0]`, `batch, width = x.shape`.

    ## Why it matters

    It is not a problem if all calls have the same shape: the dimension is then a constant of the trace. With a
    relaxed signature (`None` for a dimension that varies) the dimension is None, and arithmetic with it raises an
    error.

    ## What to do

    Use `tf.shape(x)[0]` for dimensions that vary.
    """

    code = "HYB215"
    title = "reads a dimension from a static shape"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.BOUNDED_TRACES
    events = (ItemLoad, Unpacking)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def flatten(x):
                return tf.reshape(x, [x.shape[0] * x.shape[1]])

            flatten(tf.ones([2, 3]))
            """,
            line=4,
            certain=False,
            message="`flatten` reads a dimension from the static shape of x",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def flatten(x):
            return tf.reshape(x, [tf.shape(x)[0] * tf.shape(x)[1]])

        flatten(tf.ones([2, 3]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, (ItemLoad, Unpacking))
        source = event.base if isinstance(event, ItemLoad) else event.source
        if SHAPE not in source.values:
            return
        owner = _shaped(source)
        if owner is None or not view.sources(owner):
            return
        name = owner.label or "an argument"
        yield view.hazard(
            self.code,
            f"reads a dimension from the static shape of {name}",
            event,
            False,
            self.assumption,
            f"{name}.shape",
            transitive=False,
        )


def _shaped(node: Node) -> Node | None:
    """The node of the tensor whose static shape ``node`` holds, or None."""
    origin = node.origin
    if isinstance(origin, AttributeLoad) and origin.attribute == "shape":
        return origin.base
    if isinstance(origin, Call) and origin.attribute in ("as_list", "get_shape"):
        receiver = receiver_of(origin)
        if receiver is not None:
            return receiver if origin.attribute == "get_shape" else _shaped(receiver)
    return None
