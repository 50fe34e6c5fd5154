"""HYB112."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from .rule import Example, Group, Move, Polarity, Rule


class UnknownCallee(Rule):
    """
    ## What it does

    Finds calls whose target the source does not show: an argument without a known type, a library that the analysis
    does not know, a value taken from a container or created dynamically.

    ## Why it matters

    It may be harmless. Whether the callee prints, changes state or needs tensor values stays an assumption until a
    run has observed it.

    ## What to do

    Nothing: a run checks it.
    """

    code = "HYB112"
    title = "calls code whose source is unknown"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.OURS
    assumption = AssumptionKind.NO_EFFECT
    topics = ("unknown",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(x, callback):
                callback(x)
                return tf.reduce_sum(x)
            """,
            line=4,
            certain=False,
            message="`step` calls `callback`, whose source is unknown",
        ),
        Example(
            """
            import some_library
            import tensorflow as tf

            def step(x):
                return tf.reduce_sum(some_library.transform(x))

            step(tf.ones([2]))
            """,
            line=5,
            certain=False,
            message="`step` calls `some_library.transform`, whose source is unknown",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def double(x):
            return x * 2

        def step(x, callback):
            return tf.reduce_sum(callback(x))

        step(tf.ones([2]), double)
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        called = event.function
        name = next(iter(event.externals), None) or event.attribute or (called.label if called is not None else None)
        name = name or "a value"
        yield view.hazard(
            self.code, f"calls `{name}`, whose source is unknown", event, False, self.assumption, name
        )
