"""HYB304."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import AttributeLoad, Call, Event
from ..ir.engine import kind_of
from ..ir.solver import Node
from ..ir.values import Function, Instance, Thing, Value
from .rule import Example, Group, Move, Polarity, Rule

_LISTS = frozenset({"trainable_variables", "trainable_weights", "variables", "weights"})
_BUILDING = frozenset(
    {
        "__call__",
        "call",
        "build",
        "fit",
        "predict",
        "evaluate",
        "train_on_batch",
        "test_on_batch",
        "predict_on_batch",
        "fit_generator",
        "evaluate_generator",
        "predict_generator",
        "load_weights",
    }
)


class StaleVariables(Rule):
    """
    ## What it does

    Finds `model.trainable_variables` stored in a name before the function first calls the model, and passed to an
    optimizer or a tape afterwards.

    ## Why it matters

    If the first call builds the model, the list is still empty before it. Eager code recovers in the second call. A
    trace keeps the empty list, or creates the optimizer's variables in a later trace and raises an error.

    ## What to do

    Read `model.trainable_variables` where it is used, after the call.
    """

    code = "HYB304"
    title = "reads a model's variables before its first call"
    group = Group.KERAS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.NO_CREATION
    events = (AttributeLoad,)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            class Tiny(tf.keras.Model):
                def __init__(self):
                    super().__init__()
                    self.d = tf.keras.layers.Dense(2)

                def call(self, x):
                    return self.d(x)

            model = Tiny()
            optimizer = tf.keras.optimizers.Adam()

            def step(x):
                variables = model.trainable_variables
                with tf.GradientTape() as tape:
                    loss = tf.reduce_sum(model(x))
                optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
                return loss

            step(tf.ones([2, 3]))
            """,
            line=15,
            certain=True,
            message="`step` reads trainable_variables before the first call of the model (line 17)",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        class Tiny(tf.keras.Model):
            def __init__(self):
                super().__init__()
                self.d = tf.keras.layers.Dense(2)

            def call(self, x):
                return self.d(x)

        model = Tiny()
        optimizer = tf.keras.optimizers.Adam()

        def step(x):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(model(x))
            variables = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
            return loss

        step(tf.ones([2, 3]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, AttributeLoad)
        if event.attribute not in _LISTS:
            return
        models = [value for value in event.base.values if kind_of(value) in ("model", "layer")]
        if not models or view.code.name in ("__init__", "build"):
            return
        first_call = self._first_call(view, models)
        if first_call is None or first_call.place <= event.place:
            return
        if not self._used_after(view, event.result, first_call):
            return
        own = [value for value in models if isinstance(value, Instance)]
        certain = bool(own) and not any(self._is_called_elsewhere(view, value) for value in own)
        yield view.hazard(
            self.code,
            f"reads {event.attribute} before the first call of the model (line {first_call.place & 0xFFFFFF})",
            event,
            certain,
            self.assumption,
            event.attribute,
        )

    def _first_call(self, view: View, models: list[Value]) -> Call | None:
        for call in view.code.calls:
            for receiver, name in call.methods:
                if receiver in models and name in _BUILDING:
                    return call
        return None

    def _is_called_elsewhere(self, view: View, model: Instance) -> bool:
        """Whether other functions call models of the class too, which may build this one earlier."""
        methods = (cls.attributes.get("call") for cls in model.code.order)
        return any(
            call.owner is not view.code
            for node in methods
            if node is not None
            for value in node.values
            if isinstance(value, Function)
            for call, _ in value.code.callers
        )

    def _used_after(self, view: View, result: Node, first_call: Call) -> bool:
        """Whether the variables that were read are passed to a call after the model's first call."""
        for call in view.code.calls:
            if call.place > first_call.place and result in (*call.arguments, *call.keywords.values()):
                return True
        return False


__all__ = ["StaleVariables", "Thing"]
