"""HYB209."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from ..ir.solver import Node
from ..ir.values import NONE, STRING, UNKNOWN
from .rule import Example, Group, Move, Polarity, Rule

#: Functions of one tensor whose second positional parameter is ``name``.
_UNARY = frozenset(
    {
        "abs",
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atanh",
        "ceil",
        "conj",
        "cos",
        "cosh",
        "digamma",
        "erf",
        "erfc",
        "exp",
        "expm1",
        "floor",
        "identity",
        "imag",
        "is_finite",
        "is_inf",
        "is_nan",
        "lgamma",
        "log",
        "log1p",
        "log_sigmoid",
        "logical_not",
        "negative",
        "rank",
        "real",
        "reciprocal",
        "relu",
        "relu6",
        "rint",
        "round",
        "rsqrt",
        "sigmoid",
        "sign",
        "sin",
        "sinh",
        "softplus",
        "sqrt",
        "square",
        "stop_gradient",
        "tan",
        "tanh",
        "zeros_like_name",
    }
)
_BINARY = frozenset(
    {
        "add",
        "subtract",
        "multiply",
        "divide",
        "maximum",
        "minimum",
        "pow",
        "equal",
        "not_equal",
        "less",
        "less_equal",
        "greater",
        "greater_equal",
        "logical_and",
        "logical_or",
        "mod",
        "floordiv",
        "truediv",
        "squared_difference",
        "atan2",
    }
)


class WrongName(Rule):
    """
    ## What it does

    Finds a value that is not a string in the place of a TensorFlow function's `name` parameter: `tf.sqrt(x,
    tf.float32)`.

    ## Why it matters

    Eager code ignores the name. A graph uses it, so tracing raises an error.

    ## What to do

    Remove the argument. `tf.cast` was probably intended.
    """

    code = "HYB209"
    title = "passes a non-string as an operation name"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    topics = ("tensorflow",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def norm(x):
                return tf.sqrt(tf.reduce_sum(tf.square(x)), tf.float32)

            norm(tf.ones([2]))
            """,
            line=4,
            certain=True,
            message="`norm` passes a value that is not a string as the `name` of `tensorflow.sqrt`",
        ),
        Example(
            """
            import tensorflow as tf

            def norm(x):
                return tf.reduce_sum(x, name=2)

            norm(tf.ones([2]))
            """,
            line=4,
            certain=True,
            message="`norm` passes a value that is not a string as the `name` of `tensorflow.reduce_sum`",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def norm(x):
            return tf.sqrt(tf.reduce_sum(tf.square(x), name="sum"), "root")

        norm(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        path = next((path for path in event.externals if path.startswith("tensorflow.")), "")
        node: Node | None = event.keywords.get("name")
        if node is None and not event.stars:
            last = path.rpartition(".")[2]
            home = path.count(".") == 1 or path.startswith(("tensorflow.math.", "tensorflow.nn."))
            position = 1 if last in _UNARY else 2 if last in _BINARY else None
            if home and position is not None and len(event.arguments) > position:
                node = event.arguments[position]
        if node is None or not node.values:
            return
        if any(value in (STRING, NONE, UNKNOWN) for value in node.values):
            return
        message = f"passes a value that is not a string as the `name` of `{path}`"
        yield view.hazard(self.code, message, event, True, self.assumption, path)
