"""HYB113."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import AttributeLoad, Event, FunctionCode
from ..ir.program import Cell
from ..ir.solver import Node
from ..ir.values import ARRAY, VARIABLE, Bound, Box, Class, External, Function, Instance, Method, Module, Thing, Wrapped
from .rule import Example, Group, Move, Polarity, Rule


class ChangingState(Rule):
    """
    ## What it does

    Finds reads of Python state that other code changes: a global that is rebound, an attribute that is assigned
    outside of the constructor, a container that is filled elsewhere. The read may also be in a callable that was
    passed to a library object: a learning rate, a schedule, an activation.

    ## Why it matters

    A value that Python reads during tracing becomes a constant of the graph. When the state changes later (a step
    counter, a learning rate, an action chosen by another method), the graph keeps using the old value.

    ## What to do

    Pass the value as an argument (as a tensor if it changes often), or keep it in a `tf.Variable`.
    """

    code = "HYB113"
    title = "reads Python state that other code changes"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.STABLE
    events = (AttributeLoad,)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            rate = 0.1

            def cool():
                global rate
                rate *= 0.5

            def step(x):
                return tf.reduce_sum(x) * rate

            step(tf.ones([2]))
            cool()
            """,
            line=10,
            certain=False,
            message="`step` reads `rate`, which cool rebinds (train.py:7)",
        ),
        Example(
            """
            import tensorflow as tf

            class Agent:
                def __init__(self):
                    self.action = 0

                def act(self):
                    self.action = 1

                def learn(self, x):
                    return tf.gather(x, self.action)

            agent = Agent()
            agent.act()
            agent.learn(tf.ones([2]))
            """,
            line=11,
            certain=False,
            message="`Agent.learn` reads `self.action`, which Agent.act changes (train.py:8)",
        ),
        Example(
            """
            import tensorflow as tf

            epoch = 0
            w = tf.Variable(1.0)

            def rate():
                return 0.1 if epoch < 3 else 0.01

            optimizer = tf.keras.optimizers.SGD(learning_rate=rate)

            def step(x):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_sum(w * x)
                optimizer.apply_gradients([(tape.gradient(loss, w), w)])
                return loss

            for epoch in range(5):
                step(tf.ones([2]))
            """,
            line=14,
            certain=False,
            message="`rate` reads `epoch`, which is rebound (line 3, line 17)",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        rate = 0.1

        class Agent:
            def __init__(self):
                self.scale = 2.0

            def learn(self, x):
                return tf.reduce_sum(x) * rate * self.scale

        agent = Agent()
        agent.learn(tf.ones([2]))
        """,
        """
        import tensorflow as tf

        class Agent:
            def __init__(self):
                self.rate = tf.Variable(0.1)

            def cool(self):
                self.rate.assign(0.05)

            def learn(self, x):
                return tf.reduce_sum(x) * self.rate

        agent = Agent()
        agent.learn(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, AttributeLoad)
        found = self._writer(view, event)
        if found is None:
            return
        if _is_own_method(event):
            return
        code, line = found
        for parameter, name in view.keepers(event.base):
            subject = f"{name}.{event.attribute}"
            yield view.hazard(
                self.code,
                f"reads `{subject}`, which {_name(code)} changes ({code.module.file}:{line})",
                event,
                False,
                self.assumption,
                subject,
                parameter=parameter,
                when="outlives",
            )

    def _writer(self, view: View, event: AttributeLoad) -> tuple[FunctionCode, int] | None:
        """The function and line that assign the attribute or change its value, preferably in other code; or None."""
        facts = view.facts
        stores = facts.rebound_attributes.get(event.attribute)
        if stores and not _is_stable(event.result):
            return next((place for place in stores if place[0] is not view.code), stores[0])
        if ARRAY in event.result.values:
            for place in facts.changes.attributes.get(event.attribute, ()):
                if place[0] is not view.code:
                    return place
        return _changed_box(view, event.result)

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        for node, line in view.code.outer_reads.items():
            cell = node.origin
            if not isinstance(cell, Cell) or _is_stable(node):
                continue
            how = self._how(view, node, cell)
            if how is None:
                continue
            place = view.code.node.place - view.code.line + line
            yield view.hazard(
                self.code, f"reads `{cell.name}`, {how}", place, False, self.assumption, cell.name
            )

    def _how(self, view: View, node: Node, cell: Cell) -> str | None:
        """How the name or its value changes; None if it does not."""
        if cell.rebound:
            writer, where = cell.rebound[0]
            return f"which {_name(writer)} rebinds ({writer.module.file}:{where})"
        if cell.looped or len(cell.lines) > 1:
            lines = ", ".join(f"line {where}" for where in sorted(set(cell.lines))[:3])
            return f"which is rebound ({lines})"
        found = _changed_box(view, node)
        if found is None and ARRAY in node.values:
            places = view.facts.changes.cells.get(cell, ())
            found = next((place for place in places if place[0] is not view.code), None)
        if found is None:
            return None
        return f"which {_name(found[0])} changes in place ({found[0].module.file}:{found[1]})"


def _changed_box(view: View, node: Node) -> tuple[FunctionCode, int] | None:
    """The other function, and its line, that changes a container in ``node`` with more than variables and code."""
    boxes = view.facts.changes.boxes
    for value in node.values:
        if isinstance(value, Box) and value in boxes and not _holds_code(value):
            for place in boxes[value]:
                if place[0] is not view.code:
                    return place
    return None


def _holds_code(box: Box) -> bool:
    nodes = [box.element, *box.fields.values()]
    values = [value for node in nodes for value in node.values]
    return bool(values) and all(
        value is VARIABLE or isinstance(value, (Thing, Function, Bound, Class, Instance)) for value in values
    )


def _name(code: FunctionCode) -> str:
    return "the module" if code.kind == "module" else code.qualname


def _is_stable(node: Node) -> bool:
    """Whether rebinding doesn't matter: the value is one function or class, or all are modules or variables."""
    if len(node.values) == 1 and isinstance(node.values[0], (Function, Bound, Class, Method, Wrapped)):
        return True
    return bool(node.values) and all(
        isinstance(value, (Module, External)) or value is VARIABLE for value in node.values
    )


def _is_own_method(event: AttributeLoad) -> bool:
    return any(isinstance(value, (Bound, Function)) for value in event.result.values)
