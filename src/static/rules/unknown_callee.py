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

    Notes calls whose target the source does not show: of an argument without a known type, of a library
    that the analysis knows nothing of, of something taken from a container or made dynamically.

    ## Why is this bad

    It need not be. What the callee does (whether it prints, changes state, needs values of tensors) is taken on
    trust until a run has seen it.

    ## What to do

    Nothing: a run settles it.
    """

    code = "HYB112"
    title = "calls something that the source does not show"
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
            message="`step` calls `callback`, which the source does not show",
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
            message="`step` calls `some_library.transform`, which the source does not show",
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
        """The hazard that the event is, if it is one."""
        assert isinstance(event, Call)
        called = event.function
        name = next(iter(event.externals), None) or event.attribute or (called.label if called is not None else None)
        name = name or "a value"
        yield view.hazard(
            self.code, f"calls `{name}`, which the source does not show", event, False, self.assumption, name
        )
