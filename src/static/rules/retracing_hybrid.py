"""HYB603."""

from __future__ import annotations

from ...records import Action, AssumptionKind
from ..facts.parameters import own_parameters
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule
from .varying_scalar import variation

#: Arguments of a decorator that prevent a trace for each number.
_RELAXED = ("input_signature", "reduce_retracing", "relax_shapes")


class RetracingHybrid(Rule):
    """
    ## What it does

    Finds functions that are already a `tf.function` and receive Python numbers that change.

    ## Why it matters

    Every new number causes a retrace.

    ## What to do

    Pass tensors, or give the function an `input_signature` or `reduce_retracing=True`.
    """

    code = "HYB603"
    title = "is a tf.function that retraces for every number"
    group = Group.HYBRIDS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.BOUNDED_TRACES
    INVALID = (
        Example(
            """
            import tensorflow as tf

            @tf.function
            def step(x, i):
                return tf.reduce_sum(x) * i

            for i in range(100):
                step(tf.ones([2]), i)
            """,
            line=4,
            certain=False,
            message="`step` is a `tf.function` that retraces for every number: parameter `i` receives a Python "
            "number computed in a loop",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        @tf.function
        def step(x):
            return tf.reduce_sum(x)

        for i in range(100):
            step(tf.ones([2]))
        """,
    )

    def judge(self, case: Case) -> Judgement | None:
        """Judge a decorated function that receives Python numbers that change from call to call."""
        if not case.is_decorated or any(word in (case.code.hybrid or "") for word in _RELAXED):
            return None
        for index, parameter in own_parameters(case.code):
            how = variation(case.code, index)
            if how is not None:
                receives = f"parameter `{parameter.name}` receives {how}"
                message = f"{case.name} is a `tf.function` that retraces for every number: {receives}"
                return Judgement(message, Action.RECONFIGURE)
        return None
