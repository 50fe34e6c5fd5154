"""HYB113."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..code import AttributeLoad, Event
from ..graph import Node
from ..hazards import Hazard
from ..program import Cell
from ..values import (
    TENSORS,
    VARIABLE,
    Bound,
    Box,
    Class,
    External,
    Function,
    Instance,
    Method,
    Module,
    Thing,
    Wrapped,
)
from ..views import View
from .rule import Move, Polarity, Rule


class ChangingState(Rule):
    """
    ## What it does

    Finds reads of Python state that some other code changes: a global that is rebound, an attribute that a
    method other than the constructor assigns, a container that is filled elsewhere.

    ## Why is this bad

    What Python reads while tracing is a constant of the graph. When the state changes afterwards (a step
    counter, a learning rate, the action that another method has chosen), the graph goes on with the old value.

    ## What to do

    Pass the value in as an argument (a tensor, if it changes often), or keep it in a `tf.Variable`.
    """

    code = "HYB113"
    title = "reads Python state that other code changes"
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.STABLE
    events = (AttributeLoad,)
    INVALID = (
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

        Agent().learn(tf.ones([2]))
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

        Agent().learn(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        assert isinstance(event, AttributeLoad)
        stores = view.facts.rebound_attributes.get(event.attribute)
        if not stores or _is_stable(event.result):
            return
        writer = next(((code, line) for code, line in stores if code is not view.code), None)
        if writer is None and not any(code is view.code for code, _ in stores):
            return
        outlives, parameter, name = view.outliving(event.base)
        if not outlives or _is_own_method(event):
            return
        code, line = writer or stores[0]
        subject = f"{name}.{event.attribute}"
        yield view.hazard(
            self.code,
            f"reads {subject}, which {code.qualname} assigns ({code.module.file}:{line})",
            event,
            False,
            self.assumption,
            subject,
            parameter=parameter,
            when="outlives",
        )

    def conclude(self, view: View) -> Iterable[Hazard]:
        for node, line in view.code.outer_reads.items():
            cell = node.origin
            if not isinstance(cell, Cell) or _is_stable(node):
                continue
            if cell.rebound:
                writer, where = cell.rebound[0]
                how = f"which {writer.qualname} rebinds ({writer.module.file}:{where})"
            elif cell.looped or len(cell.lines) > 1:
                how = f"which is bound again ({', '.join(f'line {where}' for where in sorted(set(cell.lines))[:3])})"
            else:
                continue
            place = view.code.node.place - view.code.line + line
            yield view.hazard(
                self.code, f"reads {cell.name}, {how}", place, False, self.assumption, cell.name
            )


def _is_stable(node: Node) -> bool:
    """Whether rebinding doesn't matter: code, modules, layers and variables are looked up once anyway."""
    return bool(node.values) and all(
        isinstance(value, (Function, Bound, Class, Module, Method, External, Wrapped))
        or value is VARIABLE
        for value in node.values
    )


def _is_own_method(event: AttributeLoad) -> bool:
    return any(isinstance(value, (Bound, Function)) for value in event.result.values)


__all__ = ["Box", "ChangingState", "Instance", "TENSORS", "Thing"]
