"""``@tf.function(reduce_retracing=True)``: after a second shape of an argument, the varying axis becomes unknown.

It helps if shapes vary (the last batch of an epoch, sequences of many lengths): there are two traces instead of one for
each shape. It does not help with changing Python values. A function that reads the unknown size with ``x.shape[0]``
can't be traced with it.
"""

from __future__ import annotations

from ...records import Judgement, Reason, Variant
from ..costs import Length, numbers_vary, retracing_pays, shapes_vary

NAME = "reduce_retracing"
RANK = 1


def propose(judgement: Judgement, length: Length) -> Variant | Reason:
    """Worth trying if shapes vary but Python numbers do not."""
    if not shapes_vary(judgement):
        return Reason("withheld", "no argument's shape varies")
    if numbers_vary(judgement):
        return Reason("withheld", "Python numbers change, and it relaxes only shapes")
    if not retracing_pays(judgement, length):
        return Reason("withheld", "its traces cost too little to matter")
    return Variant(NAME, (("reduce_retracing", "True"),))
