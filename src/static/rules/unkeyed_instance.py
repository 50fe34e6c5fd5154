"""HYB307."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.keys import unkeyed_receivers, why_no_key
from ..facts.view import View
from .rule import Example, Group, Move, Polarity, Rule


class UnkeyedInstance(Rule):
    """
    ## What it does

    Finds methods of objects that can't be hashed or weakly referenced: instances of a dataclass that compares by
    value, of a class with `__eq__` but no `__hash__`, of a class whose `__slots__` lack `__weakref__`, and named
    tuples.

    ## Why it matters

    A method that is a `tf.function` stores its traces in a weak dictionary, with the object as the key. If the
    object can't be a key, the first call raises `TypeError: unhashable type` or `cannot create weak reference`.

    ## What to do

    If no code compares such objects by value, write `@dataclass(eq=False)`: they are then compared by identity. In
    a class with `__eq__`, add `__hash__ = object.__hash__`. Add `__weakref__` to `__slots__`. Or make the method a
    function.
    """

    code = "HYB307"
    title = "is a method of an object that can't be hashed"
    group = Group.KERAS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.TRACEABLE
    INVALID = (
        Example(
            """
            from dataclasses import dataclass

            import tensorflow as tf

            @dataclass
            class Trainer:
                rate: float

                def step(self, x):
                    return tf.reduce_sum(x) * self.rate

            Trainer(0.1).step(tf.ones([2]))
            """,
            line=9,
            certain=True,
            message="`Trainer.step` is a method of a `Trainer`, which can't be hashed: `@dataclass` gives it "
            "`__eq__` but no `__hash__`; use `@dataclass(eq=False)`",
        ),
        Example(
            """
            import tensorflow as tf

            class Trainer:
                __slots__ = ("rate",)

                def __init__(self):
                    self.rate = 0.1

                def step(self, x):
                    return tf.reduce_sum(x) * self.rate

            Trainer().step(tf.ones([2]))
            """,
            line=9,
            certain=True,
            message="`Trainer.step` is a method of a `Trainer`, which can't be weakly referenced: its `__slots__` "
            "lack `__weakref__`; add it",
        ),
        Example(
            """
            from typing import NamedTuple

            import tensorflow as tf

            class Batch(NamedTuple):
                x: tf.Tensor

                def total(self):
                    return tf.reduce_sum(self.x)

            Batch(tf.ones([2])).total()
            """,
            line=8,
            certain=True,
            message="`Batch.total` is a method of a `Batch`, which is a tuple and can't be weakly referenced; make "
            "the method a function that takes the tuple",
        ),
        Example(
            """
            import tensorflow as tf

            class Point:
                def __init__(self, x):
                    self.x = x

                def __eq__(self, other):
                    return self.x is other.x

                def total(self):
                    return tf.reduce_sum(self.x)

            Point(tf.ones([2])).total()
            """,
            line=7,
            certain=True,
            message="`Point.__eq__` is a method of a `Point`, which can't be hashed: it defines `__eq__` but no "
            "`__hash__`; add `__hash__ = object.__hash__`",
        ),
    )
    VALID = (
        """
        from dataclasses import dataclass

        import tensorflow as tf

        @dataclass(eq=False)
        class Trainer:
            rate: float

            def step(self, x):
                return tf.reduce_sum(x) * self.rate

        Trainer(0.1).step(tf.ones([2]))
        """,
        """
        import tensorflow as tf

        class Base:
            pass

        class Trainer(Base):
            __slots__ = ("rate",)
            rate: float

            def step(self, x):
                return tf.reduce_sum(x)

        Trainer().step(tf.ones([2]))
        """,
        """
        import tensorflow as tf

        class Point:
            def __init__(self, x):
                self.x = x

            def __eq__(self, other):
                return self.x is other.x

            __hash__ = object.__hash__

            def total(self):
                return tf.reduce_sum(self.x)

        Point(tf.ones([2])).total()
        """,
    )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        code = view.code
        if code.kind != "method" or code.name == "__init__" or not code.parameters:
            return
        unkeyed, is_all = unkeyed_receivers(code.parameters[0].node.values)
        if unkeyed:
            owner = unkeyed[0].code
            yield view.hazard(
                self.code,
                f"is a method of a `{owner.name}`, which {why_no_key(owner)}",
                code.node.place,
                is_all,
                self.assumption,
                code.name,
                transitive=False,
            )
