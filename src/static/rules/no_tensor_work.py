"""HYB501."""

from __future__ import annotations

from ...records import AssumptionKind
from ..facts.view import Facts
from ..ir.code import FunctionCode
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


class NoTensorWork(Rule):
    """
    ## What it does

    Finds functions that execute no TensorFlow operation, neither directly nor through callees. Some are recognized
    by name if they call no operation directly: checks (`validate_weights`) and specifications (`batch_spec`, a
    method of a class `PairSpec`). Functions that work with NumPy and execute no operation also count. Taking items
    out of a structure, or iterating over one, is not an operation.

    ## Why it matters

    A graph has nothing to speed up. It would only add the cost of a dispatch to each call.

    ## What to do

    Nothing.
    """

    code = "HYB501"
    title = "does not compute with tensors"
    group = Group.BENEFIT
    polarity = Polarity.REFUSES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def same(x):
                return x

            same(tf.ones([2]))
            """,
            line=3,
            certain=True,
            message="`same` does not compute with tensors",
        ),
        Example(
            """
            import tensorflow as tf

            def check_rank(x):
                tf.debugging.assert_rank(x * 1.0, 1)

            check_rank(tf.ones([2]))
            """,
            line=3,
            certain=True,
            message="`check_rank` only checks its arguments, judging by its name",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def double(x):
            return x + x

        double(tf.ones([2]))
        """,
    )

    def judge(self, case: Case) -> Judgement | None:
        """Judge a function in which a graph has nothing to speed up."""
        facts, code, name = case.facts, case.code, case.name
        if not case.is_new:
            return None
        if case.computes is False:
            return Judgement(f"{name} does not compute with tensors")
        if code in facts.covered:
            return None
        if case.computes is None and case.has_tensor is not True and code not in facts.signs:
            return Judgement(f"{name} is not known to compute with tensors")
        if case.has_tensor is not True and not _reaches_tensorflow(facts, code):
            return Judgement(f"{name} has no known tensor argument, and its file does not use TensorFlow")
        if code in facts.idle:
            return Judgement(f"{name} {facts.idle[code]}")
        return None


def _reaches_tensorflow(facts: Facts, code: FunctionCode) -> bool:
    """Whether a function's file, or that of one of its callers, uses TensorFlow."""
    return code.module in facts.reaching or any(call.owner.module in facts.reaching for call, _ in code.callers)
