"""HYB206."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Event, Mark
from .rule import FIRST, Example, Group, Move, Polarity, Rule


class Suspension(Rule):
    """
    ## What it does

    Finds generators (`yield`) and coroutines (`async def`, `await`, `async for`).

    ## Why it matters

    Calling such a function returns a generator or coroutine object, which a graph can't return.

    ## What to do

    Move the body of the loop around `yield` into its own function.
    """

    code = "HYB206"
    title = "is a generator or coroutine"
    group = Group.TRACING
    rank = FIRST
    polarity = Polarity.REFUSES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.TRACEABLE
    events = (Mark,)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def batches(x):
                for i in range(3):
                    yield x * i

            list(batches(tf.ones([2])))
            """,
            line=5,
            certain=True,
            message="`batches` yields",
        ),
        Example(
            """
            import tensorflow as tf

            async def step(x):
                return tf.reduce_sum(x)
            """,
            line=3,
            certain=True,
            message="`step` is a coroutine",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x):
            return tf.reduce_sum(x)

        step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Mark)
        if event.kind in ("yield", "await", "async with"):
            yield view.hazard(
                self.code,
                "yields" if event.kind == "yield" else "awaits",
                event.place,
                True,
                self.assumption,
                event.kind,
                transitive=False,
            )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        if view.code.is_async:
            yield view.hazard(
                self.code,
                "is a coroutine",
                view.code.node.place,
                True,
                self.assumption,
                "async",
                transitive=False,
            )
