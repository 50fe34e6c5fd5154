"""``@tf.function(input_signature=[…], jit_compile=True)``: one trace for changing numbers, compiled by XLA.

For functions with constant shapes and changing Python numbers: without the signature, XLA would compile for each
number. See ``input_signature`` and ``jit_compile`` for their requirements.
"""

from __future__ import annotations

from ...records import Judgement, Reason, Variant
from ..costs import Length, base_result, numbers_vary, shapes_vary
from .input_signature import write_signature
from .jit_compile import propose_compiled

NAME = "jit_signature"
RANK = 5


def propose(judgement: Judgement, length: Length) -> Variant | Reason:
    """Worth trying if the signature alone was confirmed and compiling can pay off."""
    base = base_result(judgement)
    if base is None or base.name != "input_signature" or not numbers_vary(judgement) or shapes_vary(judgement):
        return Reason("withheld", "it helps only if Python numbers change and shapes do not")
    if not length.whole:
        return Reason("withheld", "the observed run was cut, so shapes may still vary")
    signature = write_signature(judgement, length)
    if isinstance(signature, Reason):
        return signature
    arguments = (("input_signature", signature), ("jit_compile", "True"))
    return propose_compiled(Variant(NAME, arguments), judgement, length)
