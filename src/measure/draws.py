"""What a user must know about the random numbers that a converted function draws."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..records import Judgement

_DRAWS = re.compile(
    r"(?:Stateless)?(?:Parameterized)?(?:Random(?!Dataset|Crop)\w*|TruncatedNormal\w*|Multinomial)|\w*CandidateSampler"
    r"|(?:Stateless)?SampleDistortedBoundingBox\w*"
)
_NO_DRAWS = re.compile(r"StatelessRandomGet\w*|\w*Grad|\w*Dataset\w*")


def draws_among(ops: Iterable[str]) -> tuple[str, ...]:
    """The op types among ``ops`` that draw random numbers, in alphabetical order."""
    return tuple(sorted(op for op in ops if _DRAWS.fullmatch(op) and not _NO_DRAWS.fullmatch(op)))


def tell_draws(chosen: Sequence[Judgement]) -> str:
    """A clause about random numbers that the edited script draws differently; empty if none are drawn.

    In eager code, a stateful op draws from the sequence of the process; in a graph, from a separate sequence of the op.
    A stateless op takes its seed from a variable (Keras 3, ``tf.random.Generator``) in both.
    """
    stateful = {j.function.id: [op for op in j.observation.draws if not op.startswith("Stateless")] for j in chosen}
    drawing = {name: ops for name, ops in stateful.items() if ops}
    if drawing:
        who = ", ".join(f"{name} ({', '.join(ops)})" for name, ops in drawing.items())
        return (
            f"random numbers are drawn in {who}: from the same seed a graph draws different numbers than eager code, "
            "so the figures that the edited script prints will differ from the original's as between two seeds (the "
            "comparison gave both the same numbers)"
        )
    if any(judgement.observation.draws for judgement in chosen):
        return "random numbers are drawn from generators with their state in variables: a graph draws the same numbers"
    return ""
