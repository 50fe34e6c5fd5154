"""The bare ``@tf.function``.

The plainest way, which every other must beat. It traces once for every signature: each dtype and shape of a tensor,
each value of a Python number, each object.
"""

from __future__ import annotations

from ...records import Judgement, Reason, Variant
from ..costs import Length

NAME = "graph"
RANK = 0


def propose(judgement: Judgement, length: Length) -> Variant | Reason:
    """Always worth trying. (Candidates that would be retraced again and again do not get here.)"""
    return Variant(NAME)
