"""``@tf.function(autograph=False)``: traced without rewriting the source first.

AutoGraph turns Python's ``if``, ``for`` and ``while`` over tensors into graph control flow. Where there is
none, rewriting only costs time while tracing. That nothing needs it is proved by the traces with and without
being equal, op by op. The steps are no faster, so it pays only where a trace takes seconds. A later trace could
need it after all, so it is withheld where there is more than one signature.
"""

from __future__ import annotations

from ...records import Judgement, Reason, Variant
from ..costs import Length, base_result, expected_signatures, predicted_seconds, trace_seconds

NAME = "no_autograph"
RANK = 3
LEAST_SECONDS = 2.0
LEAST_SHARE = 0.2


def propose(judgement: Judgement, length: Length) -> Variant | Reason:
    """Worth trying where the one trace of the bare graph is slow, and much of the whole time."""
    base = base_result(judgement)
    if base is None or base.name != "graph":
        return Reason("withheld", "the bare graph was not confirmed")
    if expected_signatures(judgement, length) > 1:
        return Reason("withheld", "there is more than one signature")
    seconds = trace_seconds(base)
    if seconds < LEAST_SECONDS or seconds < LEAST_SHARE * predicted_seconds(base, judgement, length):
        return Reason("withheld", f"its trace takes no more than {seconds:.1f} s")
    return Variant(NAME, (("autograph", "False"),))
