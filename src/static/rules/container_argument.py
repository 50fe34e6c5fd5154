"""HYB506."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.parameters import own_parameters, supplied_values
from ..facts.view import View
from ..ir.values import STRUCTURES, Box, Instance
from .rule import Example, Group, Move, Polarity, Rule

#: Structures whose length is part of their type, so that one trace is enough.
_FIXED = frozenset({"namedtuple"})


def _is_named_tuple(value: Instance) -> bool:
    return bool({"typing.NamedTuple", "collections.namedtuple"} & set(value.code.library_bases))


class ContainerArgument(Rule):
    """
    ## What it does

    Finds parameters that receive lists, tuples, dicts, or objects of the project's own classes.

    ## Why it matters

    The structure of a container is part of the trace's signature, so a different length causes a retrace. Each new
    object causes a retrace too, and the function keeps the object alive.

    ## What to do

    If the number of elements varies, stack them into one tensor. Keep objects on `self` or in the module.
    """

    code = "HYB506"
    title = "receives containers or objects"
    group = Group.BENEFIT
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.BOUNDED_TRACES
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def total(parts):
                return tf.add_n(parts)

            total([tf.ones([2]), tf.ones([2])])
            """,
            line=3,
            certain=False,
            message="parameter `parts` receives a list; each new length causes a retrace",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def total(parts):
            return tf.reduce_sum(parts)

        total(tf.ones([2]))
        """,
        """
        from typing import NamedTuple
        import tensorflow as tf

        class Batch(NamedTuple):
            x: tf.Tensor
            y: tf.Tensor

        def total(batch):
            return tf.reduce_sum(batch.x * batch.y)

        total(Batch(tf.ones([2]), tf.ones([2])))
        """,
    )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        for index, parameter in own_parameters(view.code):
            if parameter.kind in ("star", "double star"):
                continue
            for value in supplied_values(view.code, index):
                if isinstance(value, Box) and value.kind in STRUCTURES - _FIXED:
                    what = f"a {value.kind}; each new length causes a retrace"
                elif isinstance(value, Instance) and value.code.kind is None and not _is_named_tuple(value):
                    what = f"a `{value.code.name}` object; each new object causes a retrace"
                else:
                    continue
                yield view.argument_doubt(self.code, parameter.name, what, self.assumption)
                break
