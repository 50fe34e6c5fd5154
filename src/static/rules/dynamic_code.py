"""HYB111."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from .rule import Example, Group, Move, Polarity, Rule


class DynamicCode(Rule):
    """
    ## What it does

    Finds `exec`, `eval`, `globals()`, `locals()`, `__import__`, and `setattr` with a computed name.

    ## Why it matters

    The source does not show what dynamic code does, and a graph executes it once per trace.

    ## What to do

    A run checks whether it matters. Where you can, replace dynamic code with plain code.
    """

    code = "HYB111"
    title = "runs dynamic code"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.NO_EFFECT
    topics = ("dynamic", "setattr")
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(x):
                exec("y = 1")
                return tf.reduce_sum(x)

            step(tf.ones([2]))
            """,
            line=4,
            certain=False,
            message="`step` runs dynamic code with `exec`",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x):
            name = getattr(x, "name", None)
            return tf.reduce_sum(x)

        step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        name = next(iter(event.externals), "dynamic code").removeprefix("builtins.")
        if name == "setattr" and event.literals is not None and isinstance(event.literals.get(1), str):
            return
        yield view.hazard(self.code, f"runs dynamic code with `{name}`", event, False, self.assumption, name)
