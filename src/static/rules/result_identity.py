"""HYB404."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.values import Box
from .rule import Example, Group, Move, Polarity, Rule


class ResultIdentity(Rule):
    """
    ## What it does

    Finds functions that return a list or dict that still exists after the call: one on `self`, in a global, or an
    argument.

    ## Why it matters

    A graph returns a copy. If the caller changes the returned container, the original does not change, and `is`
    returns False.

    ## What to do

    Return the values, or use the container where it is stored.
    """

    code = "HYB404"
    title = "returns a container that outlives the call"
    group = Group.RESULTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        Example(
            """
            import tensorflow as tf

            class Trainer:
                def __init__(self):
                    self.state = {"norm": tf.Variable(0.0)}

                def step(self, x):
                    self.state["norm"].assign(tf.norm(x))
                    return self.state

            Trainer().step(tf.ones([2]))
            """,
            line=7,
            certain=False,
            message="`Trainer.step` returns `self`, which outlives the call",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x):
            return {"norm": tf.norm(x)}

        step(tf.ones([2]))
        """,
    )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        returns = view.code.returns
        if not any(isinstance(value, Box) and value.kind in ("list", "dict") for value in returns.values):
            return
        for keeper in view.keepers(returns)[:1]:
            yield view.hazard(
                self.code,
                f"returns `{keeper.name}`, which outlives the call",
                view.code.node.place,
                False,
                self.assumption,
                keeper.name,
                transitive=False,
            )
