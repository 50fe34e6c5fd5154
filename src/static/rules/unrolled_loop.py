"""HYB504."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.tensor_work import call_computes
from ..facts.view import View
from ..ir.code import Call, Event, Iteration, Operation
from ..ir.solver import LINES
from ..ir.values import ARRAY, TENSORS, Box
from .rule import Example, Group, Move, Polarity, Rule


class UnrolledLoop(Rule):
    """
    ## What it does

    Finds Python loops (over `range`, lists, layers) that contain TensorFlow operations.

    ## Why it matters

    Tracing unrolls the loop: every iteration adds its operations to the graph. A thousand iterations take minutes
    to trace, and a changing number of iterations causes retraces.

    ## What to do

    Loop over `tf.range` if there are many iterations, or make one iteration the function.
    """

    code = "HYB504"
    title = "unrolls a Python loop into the graph"
    group = Group.BENEFIT
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.BOUNDED_TRACES
    events = (Iteration,)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def power(x):
                for _ in range(1000):
                    x = tf.matmul(x, x)
                return x

            power(tf.eye(2))
            """,
            line=4,
            certain=False,
            message="`power` unrolls a Python loop",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def power(x):
            for _ in tf.range(1000):
                x = tf.matmul(x, x)
            return x

        power(tf.eye(2))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Iteration)
        if event.context != "for":
            return
        values = event.iterable.values
        if any(value in TENSORS or value is ARRAY for value in values):
            return
        if any(isinstance(value, Box) and value.kind in ("dataset", "stream") for value in values):
            return
        if loop_computes(view, event):
            yield view.hazard(
                self.code, "unrolls a Python loop", event, False, self.assumption, "loop"
            )


def loop_computes(view: View, loop: Iteration) -> bool:
    """Whether the loop's body runs TensorFlow operations."""
    first, last = loop.place, loop.place - loop.place % LINES + loop.end
    computes = view.facts.computes
    for event in view.code.events:
        if not first < event.place <= last:
            continue
        if isinstance(event, Operation):
            if any(value in TENSORS for operand in event.operands for value in operand.values):
                return True
        elif isinstance(event, Call) and (
            call_computes(event) or any(computes.get(binding.code) for binding in event.targets)
        ):
            return True
    return False
