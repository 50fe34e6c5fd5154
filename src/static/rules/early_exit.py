"""HYB114."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import AttributeLoad, Branch, Call, Event, ItemLoad, Operation
from ..ir.program import Cell
from ..ir.solver import Node
from ..ir.values import ARRAY, TENSORS
from .rule import Example, Group, Move, Polarity, Rule


class EarlyExit(Rule):
    """
    ## What it does

    Finds a `return` under a condition on Python state: the length of a buffer, a step counter, a flag on `self` or
    in a global.

    ## Why it matters

    If the condition is true during the first trace (because the buffer is still empty), the graph is empty and
    every later call does nothing. The step looks a hundred times faster, no error is raised, and the model does not
    learn.

    ## What to do

    Test the condition in the caller, and make only the remaining code a function.
    """

    code = "HYB114"
    title = "returns early depending on Python state"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.STABLE
    events = (Branch,)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            buffer = []

            def learn(model, batch_size):
                if len(buffer) < batch_size:
                    return None
                return tf.reduce_mean(model(tf.stack(buffer)))

            buffer.append(tf.ones([2]))
            learn(tf.identity, 4)
            """,
            line=6,
            certain=False,
            message="`learn` returns early depending on the length of buffer, which is evaluated during tracing",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def learn(x):
            if tf.reduce_sum(x) > 0:
                return x
            return -x

        learn(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Branch)
        if not event.leaves or event.kind not in ("if", "while", "match"):
            return
        if view.traced(event.test) is True:
            return
        subject = _state_in(view, event.test, 0)
        if subject is None:
            return
        yield view.hazard(
            self.code,
            f"returns early depending on {subject}, which is evaluated during tracing",
            event.place,
            False,
            self.assumption,
            subject,
        )


def _state_in(view: View, node: Node, depth: int) -> str | None:
    """The name of Python state from which the value of ``node`` is computed, if any."""
    if depth > 8:
        return None
    origin = node.origin
    if isinstance(origin, Cell):
        changing = bool(origin.rebound) or origin.looped or len(origin.lines) > 1
        return origin.name if changing else None
    if isinstance(origin, AttributeLoad):
        if origin.attribute in ("shape", "dtype", "ndim"):
            return None
        if view.traced(node) is True:
            return None
        keepers = view.keepers(origin.base)
        return f"{keepers[0].name}.{origin.attribute}" if keepers else _state_in(view, origin.base, depth + 1)
    if isinstance(origin, Operation):
        for operand in origin.operands:
            found = _state_in(view, operand, depth + 1)
            if found is not None:
                return found
    if isinstance(origin, ItemLoad):
        return _state_in(view, origin.base, depth + 1)
    if isinstance(origin, Call) and origin.path == "builtins.len" and origin.arguments:
        measured = origin.arguments[0]
        keepers = view.keepers(measured)
        if keepers and not any(value in TENSORS or value is ARRAY for value in measured.values):
            return f"the length of {keepers[0].name}"
    if isinstance(origin, list):
        for inner in origin:
            found = _state_in(view, inner, depth + 1)
            if found is not None:
                return found
    return None
