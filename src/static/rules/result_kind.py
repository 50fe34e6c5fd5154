"""HYB402."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.solver import Node
from ..ir.values import (
    FILE,
    NONE,
    TENSORS,
    Bound,
    Box,
    Class,
    Function,
    Instance,
    Method,
    Module,
    Thing,
    Value,
    Wrapped,
)
from .rule import Example, Group, Move, Polarity, Rule

#: Bases of classes that a graph can return: structures of tensors.
_STRUCTURED = ("NamedTuple", "ExtensionType", "BatchableExtensionType", "namedtuple()")


class ResultKind(Rule):
    """
    ## What it does

    Finds functions that return something that a graph can't return: a function, a model or layer, an optimizer, an
    instance of a class, a generator, a dataset, a set.

    ## Why it matters

    Tracing raises `Python functions must return zero or more Tensors`. A dataset is returned as a different object.

    ## What to do

    Nothing. Such a function creates objects. Trace the functions that use these objects.
    """

    code = "HYB402"
    title = "returns an object that a graph can't return"
    group = Group.RESULTS
    polarity = Polarity.ASSUMES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.TRACEABLE
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def make_model(x):
                tf.print(x)
                return tf.keras.Sequential([tf.keras.layers.Dense(1)])

            make_model(tf.ones([2]))
            """,
            line=3,
            certain=True,
            message="`make_model` returns a model, which a graph can't return",
        ),
        Example(
            """
            import tensorflow as tf

            def prepare(x):
                return tf.data.Dataset.from_tensor_slices(x).map(lambda e: e + 1.0)

            prepare(tf.ones([2]))
            """,
            line=3,
            certain=True,
            message="`prepare` returns a dataset, which a graph can't return",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def double(x):
            return [x, x * 2]

        double(tf.ones([2]))
        """,
    )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        if view.code.is_generator:
            return
        found = _objects(view.code.returns, 0)
        if not found:
            return
        names, only = found
        yield view.hazard(
            self.code,
            f"returns {names}, which a graph can't return",
            view.code.node.place,
            only,
            self.assumption,
            "result",
            transitive=False,
        )


def _objects(node: Node, depth: int) -> tuple[str, bool] | None:
    """The kind of object in a result, and whether it is certain: in each possible result, at a fixed place."""
    name: str | None = None
    certain = True
    for value in node.values:
        if value is NONE:
            continue
        found = _object_name(value)
        surely = found is not None
        if isinstance(value, Box) and value.kind in ("list", "tuple", "dict", "namedtuple") and depth < 2:
            for held in (*value.fields.values(), value.element):
                inner = _objects(held, depth + 1)
                if inner is not None:
                    found, surely = inner[0], inner[1] and held is not value.element
                    if surely:
                        break
        name = name or found
        certain = certain and surely
    return None if name is None else (name, certain)


def _object_name(value: Value) -> str | None:
    if isinstance(value, Method):
        # An attribute that no table lists for tensors may be a field: the receiver may be a named tuple.
        return None if value.receiver in TENSORS else "a function"
    if isinstance(value, (Function, Bound, Wrapped)):
        return "a function"
    if isinstance(value, (Class, Module)):
        return "a class or module"
    if isinstance(value, Instance):
        structured = any(base.endswith(_STRUCTURED) for base in value.code.library_bases)
        return None if structured else f"a {value.code.name}"
    if isinstance(value, Thing) and value.kind in (
        "layer",
        "model",
        "optimizer",
        "loss",
        "metric",
        "tape",
        "initializer",
        "checkpoint",
        "strategy",
        "writer",
        "distribution",
        "callback",
        "generator",
    ):
        return f"a {value.kind}"
    if value is FILE:
        return "a file"
    if isinstance(value, Box) and value.kind in ("dataset", "iterator", "set"):
        return f"a {value.kind}"
    return None
