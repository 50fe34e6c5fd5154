"""HYB208."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Branch, Call, Event, Iteration, Return
from ..ir.solver import LINES
from ..ir.values import ARRAY, TENSORS, Box
from .rule import Example, Group, Move, Polarity, Rule


class TensorControl(Rule):
    """
    ## What it does

    Finds control flow that AutoGraph must turn into graph operations: `if`, `while` and `for` on tensors, with a
    `return` in a loop, a list that a loop fills, or an `assert`.

    ## Why it matters

    It often works. It raises an error if a tensor loop contains a `return`, if code uses a list after a tensor loop
    has filled it, if only one branch binds a name, or if a loop changes a shape or dtype. An `assert` on a tensor
    raises an error or is ignored.

    ## What to do

    A run checks it. If it fails, use `tf.where`, `tf.while_loop`, `tf.TensorArray` or `tf.debugging.assert_equal`.
    """

    code = "HYB208"
    title = "branches or loops on a tensor's value"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    events = (Branch, Iteration, Return)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def first(x):
                for e in x:
                    if e > 0:
                        return e
                return x[0]

            first(tf.ones([2]))
            """,
            line=4,
            certain=False,
            message="`first` loops over a tensor",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def first(x, wide):
            if wide:
                return x[0]
            return tf.where(x > 0, x, -x)

        first(tf.ones([2]), True)
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        if isinstance(event, Branch):
            traced = view.traced(event.test)
            if traced is not True:
                return
            if event.kind == "assert":
                message, certain = "asserts on a tensor's value", True
            else:
                message, certain = f"uses a tensor's value as a condition ({event.kind})", False
        elif isinstance(event, Iteration):
            if event.context != "for" or not any(
                value in TENSORS or value is ARRAY for value in event.iterable.values
            ):
                return
            if view.traced(event.iterable) is not True:
                return
            grows = self._grows_list(view, event)
            message = "appends to a list in a loop over a tensor" if grows else "loops over a tensor"
            certain = False
        else:
            assert isinstance(event, Return)
            if not event.in_loop or not self._in_tensor_loop(view, event):
                return
            message, certain = "returns from inside a loop over a tensor", True
        yield view.hazard(self.code, message, event.place, certain, self.assumption, "control flow")

    def _in_tensor_loop(self, view: View, event: Return) -> bool:
        line = event.place % LINES
        return any(
            isinstance(loop, Iteration)
            and loop.context == "for"
            and loop.place % LINES < line <= loop.end
            and view.traced(loop.iterable) is True
            and not any(isinstance(value, Box) for value in loop.iterable.values)
            for loop in view.code.events
        )

    def _grows_list(self, view: View, event: Iteration) -> bool:
        return any(
            isinstance(call, Call)
            and call.attribute == "append"
            and event.place < call.place <= event.place - event.place % LINES + event.end
            for call in view.code.events
        )
