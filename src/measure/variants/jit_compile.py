"""``@tf.function(jit_compile=True)``: compiled by XLA, which fuses operations.

It pays for elementwise work on large arrays and for many small operations, and costs seconds for each shape; on
a CPU it makes convolutions slower. So it is withheld where shapes vary, and has to win clearly. Ops that XLA
lacks raise an error when it is compiled. XLA leaves out assertions, and draws the numbers of ``tf.random``
without regard to ``tf.random.set_seed``, so a function that does either is not compiled. An index that is out of
range reads the last element instead of raising an error.
"""

from __future__ import annotations

from ...records import Judgement, Reason, Variant
from ..costs import Length, base_result, expected_signatures, forms, shapes_vary, trace_seconds

NAME = "jit_compile"
RANK = 4
#: What compiling takes at least: in traces of the plain graph, and in seconds, to begin with and for each op.
COMPILATION, START_SECONDS, SECONDS_PER_OP = 3.0, 0.5, 0.012
#: The largest part of the graph's time that it is thought to save, in deciding whether to try.
BEST_SAVING = 0.75


def propose(judgement: Judgement, length: Length) -> Variant | Reason:
    """Worth trying where one shape is called so often that a compilation could be won back."""
    if expected_signatures(judgement, length) > 1:
        return Reason("withheld", "there is more than one signature, and XLA would compile each")
    return propose_compiled(Variant(NAME, (("jit_compile", "True"),)), judgement, length)


def propose_compiled(variant: Variant, judgement: Judgement, length: Length) -> Variant | Reason:
    """A variant that compiles, where the graph as it is takes long enough for that to pay."""
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
