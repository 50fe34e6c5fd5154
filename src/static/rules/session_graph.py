"""HYB507."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from .rule import Example, Group, Move, Polarity, Rule


class SessionGraph(Rule):
    """
    ## What it does

    Finds TensorFlow 1 code: sessions, placeholders, `tf.Graph`, estimators, the schedules of `tf.compat.v1.train`,
    `disable_eager_execution`.

    ## Why it matters

    This code builds a graph and runs it in a session. It already runs as a graph, and a `tf.function` inside it is
    an error. Where only some of the objects that a call may reach use such code, a run decides.

    ## What to do

    Nothing, or port the code to TensorFlow 2.
    """

    code = "HYB507"
    title = "uses a TensorFlow 1 session"
    group = Group.BENEFIT
    polarity = Polarity.ASSUMES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.TRACEABLE
    topics = ("session",)
    INVALID = (
        Example(
            """
            import tensorflow.compat.v1 as tf

            def run(x):
                with tf.Session() as session:
                    return session.run(tf.reduce_sum(x))

            run([1.0])
            """,
            line=4,
            certain=True,
            message="`run` uses the TensorFlow 1 API `tensorflow.Session`",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def run(x):
            return tf.reduce_sum(x)

        run(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        path = next(iter(event.externals), "a session")
        yield view.hazard(self.code, f"uses the TensorFlow 1 API `{path}`", event, True, self.assumption, path)
