"""HYB103."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Event, NameStore
from ..ir.program import Cell
from .rule import Example, Group, Move, Polarity, Rule


class NameRebinding(Rule):
    """
    ## What it does

    Finds assignments to names of the module (`global`) or of an enclosing function (`nonlocal`).

    ## Why it matters

    A graph executes the assignment once per trace. A step counter stops counting. A name that receives a tensor
    holds a symbolic tensor afterwards, and the next code that reads it fails.

    ## What to do

    Return the new value and assign it outside of the function, or keep the state in a `tf.Variable` and use
    `assign`.
    """

    code = "HYB103"
    title = "rebinds a global or nonlocal name"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.NO_EFFECT
    events = (NameStore,)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            steps = 0

            def step(x):
                global steps
                steps += 1
                return tf.reduce_sum(x)

            step(tf.ones([2]))
            """,
            line=7,
            certain=True,
            message="`step` rebinds the global name `steps`",
        ),
        Example(
            """
            import tensorflow as tf

            def make():
                best = None

                def step(x):
                    nonlocal best
                    best = tf.reduce_max(x)
                    return best

                return step

            make()(tf.ones([2]))
            """,
            line=8,
            certain=True,
            message="`step` rebinds the outer name `best`",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        steps = 0

        def step(x):
            global steps
            steps_now = steps + 1
            return tf.reduce_sum(x) + steps_now

        step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, NameStore)
        where = "global" if event.is_global else "outer"
        cell = event.cell.origin
        yield view.hazard(
            self.code,
            f"rebinds the {where} name `{event.name}`",
            event,
            True,
            self.assumption,
            event.name,
            True,
            None if event.is_global or not isinstance(cell, Cell) else cell,
            "rebinds",
        )
