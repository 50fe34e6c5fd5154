"""``@tf.function(jit_compile=True)``: compiled by XLA, which fuses operations.

It pays off for elementwise work on large arrays and for many small operations, and costs seconds for each shape. On a
CPU it makes convolutions slower. So it is withheld if shapes vary, and has to win clearly. Ops that XLA lacks raise an
error during compilation. XLA leaves out assertions and ignores ``tf.random.set_seed`` for the numbers of
``tf.random``, so a function that uses either is not compiled. An index out of range reads the last element instead of
raising an error.
"""

from __future__ import annotations

from ...records import Judgement, Reason, Variant
from ..costs import Length, base_result, expected_signatures, forms, shapes_vary, trace_seconds

NAME = "jit_compile"
RANK = 4
#: The least cost of compiling: in traces of the plain graph; or in seconds, for the start and for each op.
COMPILATION, START_SECONDS, SECONDS_PER_OP = 3.0, 0.5, 0.012
#: The largest share of the graph's time that compiling is assumed to save, for the decision whether to try it.
BEST_SAVING = 0.75


def propose(judgement: Judgement, length: Length) -> Variant | Reason:
    """Worth trying if one shape is called often enough that compiling can pay off."""
    if expected_signatures(judgement, length) > 1:
        return Reason("withheld", "there is more than one signature, and XLA would compile each")
    return propose_compiled(Variant(NAME, (("jit_compile", "True"),)), judgement, length)


def propose_compiled(variant: Variant, judgement: Judgement, length: Length) -> Variant | Reason:
    """The compiled ``variant``, if the plain graph takes long enough that compiling can pay off; else the reason."""
    base = base_result(judgement)
    if base is None:
        return Reason("withheld", "no graph of it was confirmed")
    if shapes_vary(judgement) or any(form.kind in ("ragged", "sparse") for form in forms(judgement)):
        return Reason("withheld", "shapes vary, and XLA would compile each")
    saved = BEST_SAVING * length.calls * (base.seconds_per_call or 0.0)
    operations = START_SECONDS + SECONDS_PER_OP * judgement.observation.ops_per_call
    cost = max(COMPILATION * trace_seconds(base), operations)
    if saved < cost:
        said = f"compiling would take about {cost:.1f} s and could save {saved:.1f} s ({length.reason})"
        return Reason("withheld", said)
    return variant
