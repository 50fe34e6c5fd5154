"""HYB210."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import AttributeLoad, Event
from .rule import Example, Group, Move, Polarity, Rule


class SourceOutOfReach(Rule):
    """
    ## What it does

    Finds functions that AutoGraph may leave unconverted: lambdas, methods with a mangled name (`__step`), and
    methods that use one (`self.__limit`).

    ## Why it matters

    AutoGraph runs the function unconverted, with a warning at most. An `if` on a tensor inside it then raises an
    error.

    ## What to do

    Write the function with `def`, under a name without two leading underscores.
    """

    code = "HYB210"
    title = "may not be converted by AutoGraph"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    events = (AttributeLoad,)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            double = lambda x: tf.add(x, x)
            double(tf.ones([2]))
            """,
            line=3,
            certain=False,
            message="the lambda may not be converted by AutoGraph",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def double(x):
            return tf.add(x, x)

        double(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, AttributeLoad)
        name = event.attribute
        if not name.startswith("__") or name.endswith("__") or view.code.owner_class is None:
            return
        yield view.hazard(
            self.code, f"uses the mangled name {name}", event, False, self.assumption, name
        )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        code = view.code
        mangled = code.owner_class is not None and code.name.startswith("__") and not code.name.endswith("__")
        if code.kind == "lambda" or mangled:
            what = "may not be converted by AutoGraph" if code.kind == "lambda" else f"has the mangled name {code.name}"
            yield view.hazard(
                self.code, what, code.node.place, False, self.assumption, code.name, transitive=False
            )
