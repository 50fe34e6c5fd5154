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

    Notes functions that AutoGraph may leave unconverted: lambdas, methods with a mangled name (`__step`), and
    methods that use one (`self.__limit`).

    ## Why is this bad

    AutoGraph falls back to running the function as it stands, with a warning at most. An `if` on a tensor in
    it raises then.

    ## What to do

    Give the function a `def` and a name without two leading underscores.
    """

    code = "HYB210"
    title = "may be left unconverted by AutoGraph"
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
            message="the lambda is a lambda",
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
        """The hazard that the event is, if it is one."""
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
            what = "is a lambda" if code.kind == "lambda" else f"has the mangled name {code.name}"
            yield view.hazard(
                self.code, what, code.node.place, False, self.assumption, code.name, transitive=False
            )
