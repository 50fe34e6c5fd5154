"""The bare ``@tf.function``.

The plainest way, and the one that every other must beat. It traces once for every signature: each dtype and
shape of a tensor, each value of a Python number, each object.
"""

from __future__ import annotations

from ...records import Judgement, Reason, Variant
from ..costs import Length

NAME = "graph"
RANK = 0


def propose(judgement: Judgement, length: Length) -> Variant | Reason:
    """Always worth trying, but where it would be traced without end."""
    return Variant(NAME)
