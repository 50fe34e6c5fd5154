"""HYB203."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from ..ir.solver import Node
from .rule import Example, Group, Move, Polarity, Rule

#: NumPy functions that read only properties of a tensor that are known during tracing.
_HARMLESS = frozenset({"shape", "ndim", "dtype", "issubdtype", "result_type", "iinfo", "finfo", "isscalar"})


class NumpyOnTensor(Rule):
    """
    ## What it does

    Finds NumPy and SciPy functions applied to the *value* of a tensor, or of an array argument, which is a tensor
    during tracing. Static shapes (`np.prod(x.shape)`) are numbers and are fine.

    ## Why it matters

    NumPy needs the values, and a symbolic tensor has none. Tracing raises `NotImplementedError: Cannot convert a
    symbolic tf.Tensor to a numpy array`.

    ## What to do

    Use the function of the same name in `tf`, `tf.math` or `tf.experimental.numpy`, or compute the value outside of
    the function.
    """

    code = "HYB203"
    title = "calls NumPy on a tensor"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    topics = ("numpy",)
    INVALID = (
        Example(
            """
            import numpy as np
            import tensorflow as tf

            def step(x):
                return tf.reduce_sum(x) * np.sum(x)

            step(tf.ones([2]))
            """,
            line=5,
            certain=True,
            message="`step` calls `numpy.sum` on a tensor's value",
        ),
        Example(
            """
            import numpy as np
            import tensorflow as tf

            def clip(values):
                return np.maximum(values[:2], 0.0)

            def step(x):
                return tf.reduce_sum(clip(x))

            step(np.ones([4]))
            """,
            line=8,
            certain=True,
            message="`clip` calls `numpy.maximum` on a tensor's value",
        ),
    )
    VALID = (
        """
        import numpy as np
        import tensorflow as tf

        def step(x):
            size = np.prod(x.shape.as_list()[1:])
            table = np.sqrt(np.arange(4.0))
            return tf.reshape(x, [-1, size]) * table[0]

        step(tf.ones([2, 3]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        path = next((path for path in event.externals if path.startswith(("numpy.", "scipy."))), None)
        if path is None or path.rpartition(".")[2] in _HARMLESS:
            return
        nodes: list[Node] = [*event.arguments, *(node for _, node in event.stars), *event.keywords.values()]
        for node in nodes:
            traced = view.traced(node)
            sources = view.sources(node)
            if traced is False or (traced is None and not sources):
                continue
            yield view.hazard(
                self.code,
                f"calls `{path}` on a tensor's value",
                event,
                traced is True,
                self.assumption,
                path,
                parameter=min(sources, default=None),
                when="traced",
                asked=node,
            )
            return
