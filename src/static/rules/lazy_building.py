"""HYB303."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from ..ir.engine import kind_of
from ..ir.values import Instance
from .rule import Example, Group, Move, Polarity, Rule


class LazyBuilding(Rule):
    """
    ## What it does

    Finds functions that call a Keras layer or model, and `call` methods of their subclasses.

    ## Why it matters

    Keras builds a layer in its first call. If that call is inside a trace, the variables are created there. Keras 3
    builds a subclassed model by running its `call` symbolically. If `call` is already a `tf.function`, the
    *initial* weights become constants of the graph: every later call uses them, gradients are `None`, and training
    changes nothing. This only happens in a fresh process, where no eager call came first.

    ## What to do

    Nothing: a run in a fresh process checks it. To be safe, build the model before the first step, with
    `model.build(…)` or with one call on a dummy batch.
    """

    code = "HYB303"
    title = "calls a layer or model that may not be built yet"
    group = Group.KERAS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.NO_CREATION
    topics = ("applies",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            class Net(tf.keras.Model):
                def __init__(self):
                    super().__init__()
                    self.dense = tf.keras.layers.Dense(2)

                def call(self, x):
                    return self.dense(x)

            Net()(tf.ones([2, 2]))
            """,
            line=8,
            certain=False,
            message="Keras builds `Net` by running its `call`",
        ),
        Example(
            """
            import tensorflow as tf

            critic = tf.keras.Sequential([tf.keras.layers.Dense(1)])

            def score(x):
                return critic(x)

            score(tf.ones([2, 2]))
            """,
            line=6,
            certain=False,
            message="`score` calls `critic`, which may not be built yet",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        w = tf.Variable(tf.ones([2, 2]))

        def forward(x):
            return tf.matmul(x, w)

        forward(tf.ones([2, 2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        receiver = next((r for r, name in event.methods if name in ("__call__", "call")), None)
        name = repr(receiver).removesuffix(" object") if isinstance(receiver, Instance) else None
        if name is None:
            called = event.function.label if event.function is not None else None
            name = event.attribute or called or (kind_of(receiver) if receiver is not None else "a layer")
        yield view.hazard(
            self.code, f"calls `{name}`, which may not be built yet", event, False, self.assumption, name
        )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        code = view.code
        owner = code.owner_class
        if owner is not None and owner.kind in ("model", "layer") and code.name in ("call", "__call__"):
            yield view.hazard(
                self.code,
                f"Keras builds `{owner.name}` by running its `{code.name}`",
                code.node.place,
                False,
                self.assumption,
                owner.name,
                whole=True,
            )
