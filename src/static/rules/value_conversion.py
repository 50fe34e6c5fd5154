"""HYB202."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event, Mark, Operation
from ..ir.values import STRING
from .rule import Example, Group, Move, Polarity, Rule


class ValueConversion(Rule):
    """
    ## What it does

    Finds tensors that Python converts to a number, a truth value or a hash: `bool(t)`, `complex(t)`, `round(t)`,
    `hash(t)`, `any`, `all`, and tensors in numeric string formats.

    ## Why it matters

    A symbolic tensor has no value, so the conversion raises an error during tracing. (AutoGraph converts
    `float(t)`, `int(t)`, `abs(t)`, `len(t)` and `range(t)`; these are fine.)

    ## What to do

    Use `tf.cast`, or convert outside of the function.
    """

    code = "HYB202"
    title = "converts a tensor to a Python number"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    topics = ("value",)
    events = (Operation, Mark)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(x):
                return x if bool(tf.reduce_sum(x) > 0) else -x

            step(tf.ones([2]))
            """,
            line=4,
            certain=True,
            message="`step` converts a tensor to a Python value with `bool()`",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x):
            width = round(x.shape[0] / 2)
            return tf.reduce_sum(x) / width + float(x[0])

        step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        if isinstance(event, Mark):
            if event.kind == "format" and event.node is not None and view.traced(event.node) is True:
                yield view.hazard(
                    self.code, "formats a tensor as a number", event, True, self.assumption, "format"
                )
            return
        if isinstance(event, Operation):
            if event.name != "Mod" or STRING not in event.operands[0].values:
                return
            if view.traced(event.operands[1]) is True:
                yield view.hazard(
                    self.code, "formats a tensor with %", event, False, self.assumption, "%"
                )
            return
        assert isinstance(event, Call)
        path = next(iter(event.externals), "")
        if not event.arguments:
            return
        traced = view.traced(event.arguments[0])
        sources = view.sources(event.arguments[0])
        if traced is False or (traced is None and not sources):
            return
        name = path.removeprefix("builtins.")
        yield view.hazard(
            self.code,
            f"converts a tensor to a Python value with `{name}()`",
            event,
            traced is True,
            self.assumption,
            name,
            parameter=min(sources, default=None),
            when="traced",
            asked=event.arguments[0],
        )
