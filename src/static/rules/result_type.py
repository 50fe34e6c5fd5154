"""HYB401."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.solver import Node
from ..ir.values import ARRAY, NUMBERS, SHAPE, STRING, STRUCTURES, TENSORS, UNKNOWN, Box
from .rule import Example, Group, Move, Polarity, Rule

#: Maximum nesting depth of containers that are searched.
_DEEPEST = 3


class ResultType(Rule):
    """
    ## What it does

    Finds functions that return Python numbers, strings, static shapes or NumPy arrays.

    ## Why it matters

    A graph returns tensors. `5` becomes `tf.Tensor(5)`: it prints differently, it can't be a dictionary key or a
    list length, and an `is` comparison fails. Code that works with a number may fail with a tensor.

    ## What to do

    Return tensors from steps, and return numbers from functions that stay eager.
    """

    code = "HYB401"
    title = "returns Python values, which become tensors"
    group = Group.RESULTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def width(x):
                tf.debugging.assert_positive(x)
                return 5

            width(tf.ones([2]))
            """,
            line=3,
            certain=True,
            message="`width` returns a Python int, which a graph turns into a tensor",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def double(x):
            return x * 2, {"sum": tf.reduce_sum(x)}

        double(tf.ones([2]))
        """,
    )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        returns = view.code.returns
        python, tensors, unknown = _python_values(view, returns)
        if not python:
            return
        certain = not tensors and not unknown
        yield view.hazard(
            self.code,
            f"returns {' or '.join(sorted(python))}, which a graph turns into a tensor",
            view.code.node.place,
            certain,
            self.assumption,
            "result",
            transitive=False,
        )


def _python_values(view: View, result: Node) -> tuple[set[str], bool, bool]:
    """The kinds of Python values in a result, whether it has tensors too, and whether it has unknown values too.

    Nested containers are searched down to ``_DEEPEST``, each once.
    """
    python: set[str] = set()
    tensors = False
    unknown = not result.values
    level, entered = [result], set[Box]()
    for depth in range(_DEEPEST + 1):
        below: list[Node] = []
        for node in level:
            for value in node.values:
                if value in NUMBERS or value is STRING:
                    python.add(f"a Python {value!r}")
                elif value is SHAPE:
                    python.add("a static shape")
                elif value is ARRAY:
                    if view.traced(node) is True:
                        tensors = True
                    else:
                        python.add("a NumPy array")
                elif value in TENSORS:
                    tensors = True
                elif value is UNKNOWN:
                    unknown = True
                elif isinstance(value, Box) and value.kind in STRUCTURES and depth < _DEEPEST and value not in entered:
                    entered.add(value)
                    below += (value.element, *value.fields.values())
        level = below
    return python, tensors, unknown
