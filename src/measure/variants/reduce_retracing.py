"""``@tf.function(reduce_retracing=True)``: a second shape of an argument makes an axis unknown, for all later ones.

It helps where shapes vary (the last batch of an epoch, sequences of many lengths): two traces take the place of
one for each shape. It does nothing about Python values that change. A function that reads a size which is now
unknown, with ``x.shape[0]``, can't be traced so.
"""

from __future__ import annotations

from ...records import Judgement, Reason, Variant
from ..costs import Length, numbers_vary, retracing_pays, shapes_vary

NAME = "reduce_retracing"
RANK = 1


def propose(judgement: Judgement, length: Length) -> Variant | Reason:
    """Worth trying where shapes vary, and nothing else does that needs a trace of its own."""
    if not shapes_vary(judgement):
        return Reason("withheld", "no argument's shape varies")
    if numbers_vary(judgement):
        return Reason("withheld", "Python numbers change, and it relaxes only shapes")
    if not retracing_pays(judgement, length):
        return Reason("withheld", "its traces cost too little to matter")
    return Variant(NAME, (("reduce_retracing", "True"),))
