"""``@tf.function(autograph=False)``: traced without rewriting the source first.

AutoGraph turns Python's ``if``, ``for`` and ``while`` over tensors into graph control flow. If there is none, it only
makes tracing slower. That it is not needed is proved by comparing the traces with and without it, op by op. The steps
are no faster, so it pays off only if a trace takes seconds. A later trace could still need AutoGraph, so this variant
is withheld if there is more than one signature.
"""

from __future__ import annotations

from ...records import Judgement, Reason, Variant
from ..costs import Length, base_result, expected_signatures, predicted_seconds, trace_seconds

NAME = "no_autograph"
RANK = 3
LEAST_SECONDS = 2.0
LEAST_SHARE = 0.2


def propose(judgement: Judgement, length: Length) -> Variant | Reason:
    """Worth trying if the single trace of the bare graph is slow and takes much of the whole time."""
    base = base_result(judgement)
    if base is None or base.name != "graph":
        return Reason("withheld", "the bare graph was not confirmed")
    if expected_signatures(judgement, length) > 1:
        return Reason("withheld", "there is more than one signature")
    seconds = trace_seconds(base)
    if seconds < LEAST_SECONDS or seconds < LEAST_SHARE * predicted_seconds(base, judgement, length):
        return Reason("withheld", f"its trace takes no more than {seconds:.1f} s")
    return Variant(NAME, (("autograph", "False"),))
