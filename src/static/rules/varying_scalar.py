"""HYB503."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.parameters import own_parameters, supplied_values
from ..facts.view import View
from ..ir.code import FunctionCode
from ..ir.values import FLOAT, INTEGER, NONE, NUMBERS, TENSORS
from .rule import Example, Group, Move, Polarity, Rule


class VaryingScalar(Rule):
    """
    ## What it does

    Finds parameters that receive Python numbers that change from call to call.

    ## Why it matters

    A Python number is part of the trace's signature. Each new value causes a retrace, which costs more than many
    eager calls.

    ## What to do

    Pass a tensor (`tf.constant(epoch)`), or a `tf.Variable` that is assigned.
    """

    code = "HYB503"
    title = "receives Python numbers that change"
    group = Group.BENEFIT
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.BOUNDED_TRACES
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(x, i):
                return tf.reduce_sum(x) * i

            for i in range(100):
                step(tf.ones([2]), i)
            """,
            line=3,
            certain=False,
            message="parameter `i` receives a Python number computed in a loop; each new value causes a retrace",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x, scale):
            return tf.reduce_sum(x) * scale

        for i in range(100):
            step(tf.ones([2]), 3)
        """,
    )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        for index, parameter in own_parameters(view.code):
            how = variation(view.code, index)
            if how is None:
                continue
            receives = f"{how}; each new value causes a retrace"
            yield view.argument_doubt(self.code, parameter.name, receives, self.assumption)


def variation(code: FunctionCode, index: int) -> str | None:
    """How the Python numbers passed for a parameter change from call to call, or None."""
    values = supplied_values(code, index)
    if not any(value in NUMBERS for value in values):
        return None
    if any(value in TENSORS for value in values) and INTEGER not in values and FLOAT not in values:
        return None
    constants: set[object] = set()
    name = code.parameters[index].name
    skip = 1 if code.takes_self else 0
    for call, binding in code.callers:
        nodes = binding.arguments.get(index)
        if not nodes:
            continue
        literal: object = None
        if call.literals is not None:
            literal = call.literals.get(index - skip, call.literals.get(name))
        if literal is not None:
            if not isinstance(literal, bool):
                constants.add(literal)
        elif any(value in (INTEGER, FLOAT) for node in nodes for value in node.values) and call.in_loop:
            return "a Python number computed in a loop"
    return f"{len(constants)} different Python numbers" if len(constants) > 2 else None


__all__ = ["NONE", "VaryingScalar", "variation"]
