"""HYB202."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..code import Call, Event, Operation
from ..hazards import Hazard
from ..values import STRING
from ..views import View
from .rule import Move, Polarity, Rule


class ValueConversion(Rule):
    """
    ## What it does

    Finds tensors that Python turns into a number or hash: `float(t)`, `complex(t)`, `hash(t)`, and tensors
    formatted with `%`.

    ## Why is this bad

    A symbolic tensor is no number. `float(t)` raises while tracing. (`int(t)`, `len(t)` and `range(t)` are
    converted by AutoGraph and are fine.)

    ## What to do

    Say `tf.cast`, or convert outside of the function.
    """

    code = "HYB202"
    title = "converts a tensor to a Python number"
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    topics = ("value",)
    events = (Operation,)
    INVALID = (
        """
        import tensorflow as tf

        def step(x):
            return float(tf.reduce_sum(x))

        step(tf.ones([2]))
        """,
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x):
            width = float(x.shape[0])
            return tf.reduce_sum(x) / width

        step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
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
        if path in ("builtins.str", "builtins.repr", "builtins.bool") or not event.arguments:
            return
        traced = view.traced(event.arguments[0])
        sources = view.sources(event.arguments[0])
        if traced is False or (traced is None and not sources):
            return
        name = path.removeprefix("builtins.")
        yield view.hazard(
            self.code,
            f"converts a tensor with {name}()",
            event,
            traced is True,
            self.assumption,
            name,
            parameter=next(iter(sources), None),
            when="traced",
        )
