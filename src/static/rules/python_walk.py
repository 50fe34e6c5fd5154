"""HYB204."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View, is_single
from ..ir.code import Call, Event, Iteration, Operation, Unpacking
from ..ir.solver import Node
from ..ir.values import ARRAY, TENSORS, Box
from .rule import Example, Group, Move, Polarity, Rule


class PythonWalk(Rule):
    """
    ## What it does

    Finds tensors that Python itself iterates over: in a comprehension, in `zip`, `enumerate`, `list`, `map`, `sum`,
    `min` or `max`, by unpacking into names, by starring, or by searching with `in`.

    ## Why it matters

    AutoGraph converts `for e in x`, `len(x)` and `range(…)`, but not these. Tracing raises `Iterating over a
    symbolic tf.Tensor is not allowed`.

    ## What to do

    Use a `for` statement, `tf.unstack`, `tf.map_fn`, or a TensorFlow reduction such as `tf.reduce_sum`.
    """

    code = "HYB204"
    title = "iterates over a tensor in Python"
    group = Group.TRACING
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    events = (Iteration, Unpacking, Operation)
    topics = ("walks",)
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(x):
                return tf.add_n([e * 2 for e in x])

            step(tf.ones([2]))
            """,
            line=4,
            certain=True,
            message="`step` iterates over a tensor in Python (a comprehension)",
        ),
        Example(
            """
            import tensorflow as tf

            def step(x):
                a, b = x
                return a + b

            step(tf.ones([2]))
            """,
            line=4,
            certain=True,
            message="`step` iterates over a tensor in Python (unpacking)",
        ),
        Example(
            """
            import numpy as np
            import tensorflow as tf

            def step(nodes):
                return tf.constant([i for i, node in enumerate(nodes)])

            step(np.arange(3))
            """,
            line=5,
            certain=True,
            message="`step` iterates over a tensor in Python (enumerate)",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x):
            total = 0.0
            for e in x:
                total += e
            for i in range(x.shape[0]):
                total += x[i]
            return total

        step(tf.ones([2]))
        """,
        """
        import tensorflow as tf

        def step(pair):
            a, b = pair
            return tf.add_n([e * 2 for e in (a, b)])

        step((tf.ones([2]), tf.ones([2])))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        nodes: list[Node]
        if isinstance(event, Iteration):
            if event.context not in ("comprehension", "star"):
                return
            nodes, how = [event.iterable], f"a {event.context}"
        elif isinstance(event, Unpacking):
            nodes, how = [event.source], "unpacking"
        elif isinstance(event, Operation):
            if event.name not in ("In", "NotIn"):
                return
            nodes, how = [event.operands[1]], "in"
        else:
            assert isinstance(event, Call)
            path = next(iter(event.externals), "")
            nodes, how = event.arguments, path.rpartition(".")[2]
            if how in ("map", "filter", "reduce"):
                nodes = nodes[1:]
            elif how in ("min", "max") and len(nodes) > 1:
                yield from self._compare(view, event, nodes, how)
                return
        for node in nodes:
            traced = self._is_tensor(view, node)
            if traced is False:
                continue
            sources = view.sources(node)
            if traced is None and not sources:
                continue
            yield view.hazard(
                self.code,
                f"iterates over a tensor in Python ({how})",
                event,
                traced is True,
                self.assumption,
                how,
                parameter=min(sources, default=None),
                when="traced",
                asked=node,
            )
            return

    def _compare(self, view: View, event: Call, nodes: list[Node], how: str) -> Iterable[Hazard]:
        """``max(a, b)`` needs the truth value of a comparison."""
        for node in nodes:
            if view.traced(node) is True:
                yield view.hazard(
                    self.code, f"compares tensors in Python ({how})", event, True, self.assumption, how
                )
                return

    def _is_tensor(self, view: View, node: Node) -> bool | None:
        """Whether the iterable itself is a tensor; iteration over a list of tensors is fine."""
        if any(isinstance(value, Box) for value in node.values):
            return None if any(value in TENSORS or value is ARRAY for value in node.values) else False
        traced = view.traced(node)
        return traced if traced is not True or is_single(node) else None
