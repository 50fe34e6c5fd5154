"""HYB110."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from .rule import Example, Group, Move, Polarity, Rule


class HostLibrary(Rule):
    """
    ## What it does

    Finds calls to libraries that run on the host and keep state there: plotting, images, data frames, experiment
    trackers, simulators, scikit-learn.

    ## Why it matters

    A graph executes the call once per trace, and passes it symbolic tensors that have no values.

    ## What to do

    Call the library outside of the function, with the values that the function returns.
    """

    code = "HYB110"
    title = "calls a library that runs on the host"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.NO_EFFECT
    topics = ("host",)
    INVALID = (
        Example(
            """
            import matplotlib.pyplot as plt
            import tensorflow as tf

            def step(x):
                plt.plot([1, 2])
                return tf.reduce_sum(x)

            step(tf.ones([2]))
            """,
            line=5,
            certain=True,
            message="`step` calls `matplotlib.pyplot.plot` on the host",
        ),
    )
    VALID = (
        """
        import matplotlib.pyplot as plt
        import tensorflow as tf

        def step(x):
            return tf.reduce_sum(x)

        plt.plot([step(tf.ones([2])).numpy()])
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        name = next(iter(event.externals), "a library")
        yield view.hazard(
            self.code, f"calls `{name}` on the host", event, True, self.assumption, name, effect=True
        )
